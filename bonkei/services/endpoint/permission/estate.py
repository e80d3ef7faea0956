"""The policies that the definitions declare, prepared once for each blueprint."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bonkei.analysis.policy import Policies, Policy
from bonkei.analysis.policy.condition import UnknownOperatorError
from bonkei.analysis.policy.document import MalformedPolicyError, read_resource_policy
from bonkei.analysis.policy.managed import (
    managed_statement,
    managed_statements,
    unknown_managed_policies,
)
from bonkei.base.arn import Arn
from bonkei.blueprint import Blueprint, BlueprintError
from bonkei.blueprint.iam import PolicyStatement, Role, read_policy_document
from bonkei.blueprint.state.block import Block
from bonkei.services.endpoint.identity import identity_center
from bonkei.services.endpoint.permission.names import Names, names_of
from bonkei.services.endpoint.permission.requirement import Place

_EVERYTHING = Policy([PolicyStatement("", "Allow", actions=("*",), resources=("*",))])
_ROLES = Policy([PolicyStatement("", "Allow", actions=("sts:AssumeRole",), resources=("*",))])
_OF_ROOT = frozenset({"s3:GetBucketPolicy", "s3:PutBucketPolicy", "s3:DeleteBucketPolicy"})
"""What a bucket's policy cannot deny to the account's root user ("PutBucketPolicy"). Here the
administrator has that right, too, because there is no root user."""


@dataclass(frozen=True, slots=True)
class _Identity:
    """`unknown`: ARNs of policies without a known text."""

    policy: Policy
    boundary: Policy | None
    unknown: tuple[str, ...]


class Estate:
    """Finds the policies that apply to a call. They are prepared at the first call of a role."""

    def __init__(
        self,
        blueprint: Blueprint,
        place: Place,
        others: Mapping[str, tuple[PolicyStatement, ...]] | None = None,
        written: Callable[[str], str | None] = lambda _: None,
    ) -> None:
        """`others`: policies that are not in the definitions, by ARN. `written`: the text of the
        policy that a call has given a resource; empty if it has none now. None: the definitions
        decide."""
        self._others = others or {}
        self._written = written
        self.names: Names = names_of(blueprint, place)
        self._roles = {role.arn: role for role in blueprint.roles}
        self._identities: dict[str, _Identity] = {}
        self._resources = _resource_policies(blueprint)
        self._prepared: dict[str, tuple[str | None, Policy | None]] = {}
        self._keys = frozenset(key.arn for key in blueprint.keys)
        self._groups = Policy(tuple(_of_log_groups(blueprint)))
        self._root = f"arn:{place.partition}:iam::{place.account}:root"

    def role(self, arn: str) -> Role | None:
        return self._roles.get(arn)

    def unknown_policies(self, role_arn: str) -> tuple[str, ...]:
        """Why there is no decision about a role: attached policies without a known text, or the
        role itself if it is not in the definitions."""
        return self._identity(role_arn).unknown

    def undecided(self) -> tuple[str, ...]:
        """The roles without decisions about their calls, and the reason, for people."""
        roles: dict[str, list[str]] = {}
        for arn, role in self._roles.items():
            for unknown in self.unknown_policies(arn):
                roles.setdefault(unknown, []).append(role.name)
        return tuple(
            f"the calls of {', '.join(names)} are not decided: the definitions do not have the"
            f" text of {unknown}; bonkei.toml, [policies], can name a file with it"
            for unknown, names in roles.items()
        )

    def policies(self, role_arn: str, resource: str, action: str) -> Policies:
        """`role_arn` empty: the administrator, who may do everything that the resources allow the
        account. It may be another user's ARN."""
        identity = self._identity(role_arn)
        # A role's trust policy applies to assuming the role, not to passing or reading it.
        is_role = resource in self._roles and action.startswith("sts:")
        passed = resource in self._roles and not is_role
        is_free = passed or (not role_arn and action in _OF_ROOT)
        return Policies(
            identity=identity.policy,
            resource=None if is_free else self._resource(resource),
            boundary=identity.boundary,
            resource_decides=is_role or resource in self._keys,
            is_trust=is_role,
        )

    def looked_at(self, role_arn: str, resource: str) -> tuple[str, ...]:
        """The addresses of the searched policies: those of the role itself, the attached ones, its
        boundary, and the resource's."""
        found: list[str] = []
        if role := self._roles.get(role_arn):
            found += [each.address for each in role.statements]
            found += [address for address, _ in role.managed_policies]
            found += [each.address for each in role.boundary]
            found += [] if found else [role.address]
        holder = _holder(resource)
        found += [each.address for each in self._statements(holder, self._written(holder))]
        return tuple(dict.fromkeys(found))

    def policies_for_service(self, resource: str) -> Policies | None:
        """The policy that may allow a service's call in its own name. None if the definitions do
        not have the resource: then nothing is decided."""
        if Arn.of(resource).service == "logs":
            return Policies(resource=self._groups)
        holder = _holder(resource)
        if holder not in self._resources and self._written(holder) is None:
            return None
        return Policies(resource=self._resource(resource) or Policy(()))

    def _identity(self, arn: str) -> _Identity:
        if not arn:
            return _Identity(_EVERYTHING, None, ())
        if (role := self._roles.get(arn)) is None:
            return _undeclared(arn)
        if arn not in self._identities:
            self._identities[arn] = _prepare(role, self._others)
        return self._identities[arn]

    def _resource(self, arn: str) -> Policy | None:
        """For an object, its bucket's resource."""
        name = _holder(arn)
        text = self._written(name)
        if name not in self._prepared or self._prepared[name][0] != text:
            statements = self._statements(name, text)
            if not statements and name in self._keys:
                statements = (self._default_key_policy(),)
            elif not statements and Arn.of(name).service == "sns":
                statements = (_default_topic_policy(name, self.names.place.account),)
            self._prepared[name] = text, Policy(statements) if statements else None
        return self._prepared[name][1]

    def _statements(self, name: str, text: str | None) -> tuple[PolicyStatement, ...]:
        """Those of `text`, which a call has written, or the declared ones. The address of a written
        one is the resource's ARN. Nothing is decided by a document that is not a policy."""
        if text is None:
            found = self._resources.get(name)
            return found() if found else ()
        with suppress(MalformedPolicyError):
            return read_resource_policy(name, text)
        return ()

    def _default_key_policy(self) -> PolicyStatement:
        """As in the "default key policy": the account's IAM policies decide."""
        return PolicyStatement(
            "", "Allow", ("kms:*",), resources=("*",), principals=(("AWS", self._root),)
        )


def _undeclared(arn: str) -> _Identity:
    """A user has no policies here. A permission set lets its members assume roles: Identity Center
    has its text. Of another role nothing is known."""
    if Arn.of(arn).resource.startswith("user/"):
        return _Identity(Policy(()), None, ())
    if identity_center.made(arn):
        return _Identity(_ROLES, None, ())
    return _Identity(Policy(()), None, (arn,))


def _holder(arn: str) -> str:
    """The resource with the deciding policy: for an object, its bucket."""
    return arn.partition("/")[0] if ":s3:::" in arn else arn


def _default_topic_policy(topic: str, account: str) -> PolicyStatement:
    """The owner, and services that publish for it ("Amazon SNS access control use cases")."""
    return PolicyStatement(
        "",
        "Allow",
        ("sns:GetTopicAttributes", "sns:SetTopicAttributes", "sns:AddPermission",
         "sns:RemovePermission", "sns:DeleteTopic", "sns:Subscribe",
         "sns:ListSubscriptionsByTopic", "sns:Publish"),
        resources=(topic,),
        principals=(("AWS", "*"),),
        conditions=(("StringEquals", "AWS:SourceOwner", account),),
    )  # fmt: skip


_Read = Callable[[], tuple[PolicyStatement, ...]]


def _resource_policies(blueprint: Blueprint) -> Mapping[str, _Read]:
    """ARN -> how its policy is read."""
    found: dict[str, _Read] = {}
    for bucket in blueprint.buckets:
        found[bucket.arn] = partial(tuple, bucket.policy)
    for key in blueprint.keys:
        found[key.arn] = partial(tuple, key.policy)
    for topic in blueprint.topics:
        found[topic.arn] = partial(tuple, topic.policy)
    for queue in blueprint.queues:
        found[queue.arn] = tuple
        if policy := queue.attributes.get("Policy"):
            block = Block(queue.address, {"policy": policy})
            found[queue.arn] = partial(read_policy_document, block, "policy")
    for function in blueprint.functions:
        found[function.arn] = partial(tuple, function.policy)
    for secret in blueprint.secrets:
        found[secret.arn] = partial(tuple, secret.policy)
    for repository in blueprint.repositories:
        found[repository.arn] = partial(tuple, repository.policy)
    for role in blueprint.roles:
        found[role.arn] = partial(tuple, role.trust)
    return found


def _of_log_groups(blueprint: Blueprint) -> Iterator[PolicyStatement]:
    """The account's policies that let services write to log groups."""
    for policy in blueprint.log_resource_policies:
        block = Block(policy.address, {"policy": policy.document})
        yield from read_policy_document(block, "policy")


def read_others(files: Mapping[str, Path]) -> Mapping[str, tuple[PolicyStatement, ...]]:
    """The statements of documents in files, by ARN. Raises BlueprintError if a document is not a
    policy."""
    found = {}
    for arn, file in files.items():
        block = Block(str(file), {"policy": file.read_text(encoding="utf-8")})
        found[arn] = read_policy_document(block, "policy")
        try:
            Policy(found[arn])
        except UnknownOperatorError as error:
            problem = f"{error} is not a condition operator"
            raise BlueprintError(str(file), "Condition", problem) from None
    return found


def _prepare(role: Role, others: Mapping[str, tuple[PolicyStatement, ...]]) -> _Identity:
    statements = (*role.statements, *managed_statements(role))
    for _, attached in role.managed_policies:
        statements += others.get(attached, ())
    unknown = [arn for arn in unknown_managed_policies(role) if arn not in others]
    boundary: Policy | None = None
    if arn := role.permissions_boundary:
        of_aws = managed_statement(role.address, arn)
        limits = role.boundary or others.get(arn) or ((of_aws,) if of_aws else ())
        boundary = Policy(limits) if limits else None
        if boundary is None:
            unknown.append(arn)
    return _Identity(Policy(statements), boundary, tuple(unknown))
