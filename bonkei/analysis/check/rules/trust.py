"""Only the service that uses a role may assume it."""

from __future__ import annotations

from collections.abc import Iterator

from bonkei.analysis.check.finding import Problem
from bonkei.analysis.check.permission import table
from bonkei.analysis.check.subject import Subject, error, warning
from bonkei.analysis.policy.lenient import matches_any
from bonkei.blueprint.iam import PolicyStatement, Role

_TAKES = "sts:AssumeRole"


@error(
    "The service that uses a role may assume it",
    "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html",
)
def role_is_taken_by_what_uses_it(subject: Subject) -> Iterator[Problem]:
    for role in subject.blueprint.roles:
        for service in sorted(_wanted(role) - _let_in(role)):
            yield Problem(
                role.address,
                f"{service} may not assume {role.name}, but uses it",
                f"let {service} assume it in the trust policy",
                "assume_role_policy",
            )


@error(
    "No role may be assumed by anyone",
    "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html",
)
def role_is_not_for_anyone(subject: Subject) -> Iterator[Problem]:
    for role in subject.blueprint.roles:
        for statement in role.trust:
            if _is_for_anyone(statement):
                yield Problem(
                    role.address,
                    f"anyone may assume {role.name}",
                    "name the principals that may assume it",
                    "assume_role_policy",
                )


@warning(
    "No service may assume a role without using it",
    "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html",
)
def role_is_taken_by_nobody_else(subject: Subject) -> Iterator[Problem]:
    """Roles for people are left out. A service without a use for a role could be a way in.
    Functions at CloudFront's edge are not known here."""
    for role in subject.blueprint.roles:
        others = _let_in(role) - _wanted(role) - {"edgelambda.amazonaws.com"}
        for service in sorted(others) if _is_judged(role) else ():
            yield Problem(
                role.address,
                f"{service} may assume {role.name}, but does not use it",
                "remove it from the trust policy",
                "assume_role_policy",
            )


def _is_for_anyone(statement: PolicyStatement) -> bool:
    return (
        statement.effect == "Allow"
        and not statement.conditions
        and any(kind in ("*", "AWS") and value == "*" for kind, value in statement.principals)
    )


def _is_judged(role: Role) -> bool:
    """Whether the service behind every use of the role is known."""
    return bool(role.users) and all(
        f"{use.type}.{use.argument}" in table()["users"] for use in role.users
    )


def _wanted(role: Role) -> set[str]:
    known: dict[str, str] = table()["users"]
    keys = (f"{use.type}.{use.argument}" for use in role.users)
    return {known[key] for key in keys if key in known}


def _let_in(role: Role) -> set[str]:
    return {
        value
        for statement in role.trust
        if statement.effect == "Allow" and matches_any(statement.actions, _TAKES, ignore_case=True)
        for kind, value in statement.principals
        if kind == "Service"
    }
