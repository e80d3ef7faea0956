"""Roles with the permissions that they need, and no others."""

from __future__ import annotations

from collections.abc import Iterator

from bonkei.analysis.check.finding import Problem
from bonkei.analysis.check.permission import table
from bonkei.analysis.check.subject import Subject, error, warning
from bonkei.analysis.policy.lenient import allows, matches_any
from bonkei.analysis.policy.managed import managed_statements, unknown_managed_policies
from bonkei.analysis.policy.needs import EXEC_ACTIONS, execution_needs
from bonkei.analysis.policy.wildcard import matches
from bonkei.blueprint import Blueprint
from bonkei.blueprint.iam import PolicyStatement, Role

_LEAST_PRIVILEGE = (
    "https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html#grant-least-privilege"
)


@error(
    "No role may do everything, or everything of a service",
    _LEAST_PRIVILEGE,
)
def role_is_not_almighty(subject: Subject) -> Iterator[Problem]:
    for role in subject.blueprint.roles:
        for statement in _allowing(role):
            wide = [a for a in statement.actions if a == "*" or a.endswith(":*")]
            wide += [f"everything but {action}" for action in statement.not_actions]
            if wide:
                yield Problem(
                    statement.address,
                    f"{role.name} may do {', '.join(wide)}",
                    "name the needed actions",
                )


@warning(
    "A role's actions name resources where IAM supports it",
    _LEAST_PRIVILEGE,
)
def role_names_its_resources(subject: Subject) -> Iterator[Problem]:
    free: list[str] = table()["without_resource"]
    for role in subject.blueprint.roles:
        for statement in role.statements:
            if statement.effect != "Allow" or "*" not in statement.resources:
                continue
            wide = [a for a in statement.actions if not matches_any(free, a, ignore_case=True)]
            if wide and not statement.conditions:
                yield Problem(
                    statement.address,
                    f"{role.name} may do {', '.join(wide)} to every resource",
                    "name the resources, or narrow the statement by a condition",
                )


@warning(
    "Something uses each role",
    _LEAST_PRIVILEGE,
)
def role_is_used(subject: Subject) -> Iterator[Problem]:
    """A role that people or another account assume is used from outside the definitions."""
    for role in subject.blueprint.roles:
        kinds = {kind for statement in role.trust for kind, _ in statement.principals}
        if not role.users and kinds <= {"Service"}:
            yield Problem(
                role.address,
                f"nothing uses the role {role.name}",
                "remove it, or use it where it is needed",
            )


@warning(
    "Something needs each of a role's actions",
    _LEAST_PRIVILEGE,
)
def role_actions_are_needed(subject: Subject) -> Iterator[Problem]:
    blueprint = subject.blueprint
    for role in blueprint.roles:
        yield from _unneeded_by_execution(role, blueprint)
        yield from _unneeded_exec(role, blueprint)


@warning(
    "A role's resources exist in the definitions",
    _LEAST_PRIVILEGE,
)
def role_names_what_is_there(subject: Subject) -> Iterator[Problem]:
    """Only resources of this account and region are judged, because the definitions do not contain
    all others. Task definitions are not judged, either."""
    blueprint = subject.blueprint
    known = [*blueprint.arns, *(c.master_secret_arn for c in blueprint.database_clusters)]
    known += [n.resource for d in blueprint.task_definitions for n in execution_needs(d, blueprint)]
    known = [arn for arn in known if arn not in ("", "*")]
    own = {part for arn in blueprint.arns for part in arn.split(":")[3:5]} | {"*", ""}
    for role in blueprint.roles:
        for statement in role.statements:
            for resource in statement.resources if statement.effect == "Allow" else ():
                parts = resource.split(":")
                if len(parts) < 6 or not {*parts[3:5]} <= own:
                    continue
                if parts[2] not in table()["judged"] or matches_any(table()["of_aws"], resource):
                    continue
                if not any(_names(resource, arn) for arn in known):
                    yield Problem(
                        statement.address,
                        f"{role.name} may do {', '.join(statement.actions)} to {resource}, but the"
                        " definitions have no such resource",
                        "remove the permission, or name an existing resource",
                    )


def _names(resource: str, arn: str) -> bool:
    """Whether a policy's resource is this ARN, a part of it, or a pattern for it."""
    stem = resource.rstrip("*").rstrip(":/")
    return matches(resource, arn) or stem == arn or stem.startswith((f"{arn}/", f"{arn}:"))


def _unneeded_by_execution(role: Role, blueprint: Blueprint) -> Iterator[Problem]:
    """All actions that a task execution role needs are known."""
    definitions = [d for d in blueprint.task_definitions if d.execution_role_arn == role.arn]
    arguments = {use.argument for use in role.users}
    if not definitions or arguments != {"execution_role_arn"}:
        return
    needs = [need for d in definitions for need in execution_needs(d, blueprint)]
    for statement in role.statements:
        if statement.effect != "Allow":
            continue
        for action in statement.actions:
            if not any(matches(action, need.action, ignore_case=True) for need in needs):
                yield Problem(
                    statement.address,
                    f"{role.name} may {action}, but its tasks do not need that to start",
                    "remove the action",
                )


def _unneeded_exec(role: Role, blueprint: Blueprint) -> Iterator[Problem]:
    """ECS Exec's actions are needed where a service turns it on."""
    definitions = [d for d in blueprint.task_definitions if d.task_role_arn == role.arn]
    shells = {s.task_definition_arn for s in blueprint.services if s.execute_command}
    if not definitions or any(d.arn in shells for d in definitions):
        return
    for statement in role.statements:
        actions = [a for a in statement.actions if a.lower().startswith("ssmmessages:")]
        if actions and statement.effect == "Allow":
            yield Problem(
                statement.address,
                f"{role.name} may open a shell (ECS Exec), but no service turns it on",
                "remove the actions, or set enable_execute_command",
            )


@error(
    "A task's roles allow everything for its start and its shells",
    "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html",
)
def role_allows_what_is_needed(subject: Subject) -> Iterator[Problem]:
    blueprint = subject.blueprint
    for definition in blueprint.task_definitions:
        role = blueprint.role(definition.execution_role_arn)
        if role is not None and not unknown_managed_policies(role):
            for need in execution_needs(definition, blueprint):
                if need.action not in _USEFUL and not allows(
                    role, need.action, need.resource, need.context
                ):
                    yield Problem(
                        definition.address,
                        f"{role.name} may not {need.action} on {need.resource}: the task"
                        f" {need.purpose}",
                        "allow it in the execution role",
                        "execution_role_arn",
                    )
    for service in blueprint.services:
        definition = blueprint.task_definition(service.task_definition_arn)
        role = blueprint.role(definition.task_role_arn)
        if service.execute_command and role is not None and not unknown_managed_policies(role):
            missing = [action for action in EXEC_ACTIONS if not allows(role, action, "*")]
            if missing:
                yield Problem(
                    service.address,
                    f"{service.name} turns ECS Exec on, and {role.name} may not"
                    f" {', '.join(missing)}",
                    "allow it in the task role",
                    "enable_execute_command",
                )


# AWS's own execution policy grants these, and only a part of them is needed.
_USEFUL = ("ecr:BatchCheckLayerAvailability", "logs:CreateLogGroup", "s3:GetBucketLocation")


def _allowing(role: Role) -> Iterator[PolicyStatement]:
    for statement in (*role.statements, *managed_statements(role)):
        if statement.effect == "Allow":
            yield statement


# "Pushing a Docker image", without the action for all repositories.
_UPLOAD = ("InitiateLayerUpload", "UploadLayerPart", "CompleteLayerUpload")
_PUSH = (*_UPLOAD, "BatchCheckLayerAvailability", "PutImage")


@error(
    "A role that may upload a part of an image may push the whole",
    "https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-push-iam.html",
)
def role_may_push_whole_images(subject: Subject) -> Iterator[Problem]:
    """To put an image alone is to give one another tag, which needs no upload."""
    blueprint = subject.blueprint
    for role in blueprint.roles:
        if unknown_managed_policies(role):
            continue
        for repository in blueprint.repositories:
            allowed = {name for name in _PUSH if allows(role, f"ecr:{name}", repository.arn)}
            missing = [f"ecr:{name}" for name in _PUSH if name not in allowed]
            if allowed & set(_UPLOAD) and not allows(role, "ecr:GetAuthorizationToken", "*"):
                missing.append("ecr:GetAuthorizationToken")
            if allowed & set(_UPLOAD) and missing:
                yield Problem(
                    role.address,
                    f"{role.name} may upload layers to {repository.name}, but not"
                    f" {', '.join(missing)}: each push fails",
                    "allow it in the role",
                )
