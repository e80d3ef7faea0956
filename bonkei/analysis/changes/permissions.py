"""Which permission grows: a grant that no earlier grant covers, or a denial that is gone."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from bonkei.analysis.changes.finding import Finding, Risk, by_names, counterpart
from bonkei.analysis.policy.managed import managed_statements, unknown_managed_policies
from bonkei.analysis.policy.wildcard import completed, matches, matches_arn
from bonkei.base.arn import Arn
from bonkei.blueprint import Blueprint
from bonkei.blueprint.iam import PolicyStatement, Role, read_policy_document
from bonkei.blueprint.kms import Key
from bonkei.blueprint.lambda_.function import Function
from bonkei.blueprint.s3 import Bucket
from bonkei.blueprint.secretsmanager import Secret
from bonkei.blueprint.sns import Topic
from bonkei.blueprint.state.block import Block

_OF_AN_ACCOUNT = ("aws:principalaccount", "aws:sourceaccount", "aws:sourceowner")
_Conditions = dict[tuple[str, str], set[str]]


@dataclass(frozen=True, slots=True)
class Grant:
    """One action of a statement on one resource. `principal` is empty in a role's own policy."""

    principal: str
    action: str
    resource: str
    conditions: tuple[tuple[str, str, str], ...]

    def render(self) -> str:
        who = f"{self.principal}: " if self.principal else ""
        where = f" on {self.resource}" if self.resource else ""
        return f"{who}{self.action}{where}{' under conditions' if self.conditions else ''}"

    def is_for(self, accounts: Collection[str]) -> bool:
        """Whether it is for one of these accounts as a whole."""
        principal = Arn.of(self.principal)
        return (principal.resource == "root" and principal.account in accounts) or any(
            operator == "StringEquals" and key in _OF_AN_ACCOUNT and values <= set(accounts)
            for (operator, key), values in _by_key(self.conditions).items()
        )

    def covers(self, other: Grant) -> bool:
        """Whether everything that `other` grants is granted by this."""
        return (
            self.principal in ("*", other.principal)
            and matches(self.action, other.action, ignore_case=True)
            and (
                self.resource == other.resource
                or matches_arn(completed(self.resource), other.resource)
            )
            and _is_looser(_by_key(self.conditions), _by_key(other.conditions))
        )


def grown(
    old: Sequence[PolicyStatement], new: Sequence[PolicyStatement], own: Collection[str] = ()
) -> tuple[str, ...]:
    """What the new statements allow that the old ones do not, as text. What they allow the accounts
    `own` is left out."""
    allowed = _grants(old, "Allow")
    found = [
        each.render()
        for each in _grants(new, "Allow")
        if not each.is_for(own) and not any(one.covers(each) for one in allowed)
    ]
    denied = _grants(new, "Deny")
    found += [
        f"what was denied: {each.render()}"
        for each in _grants(old, "Deny")
        if not any(one.covers(each) for one in denied)
    ]
    return tuple(dict.fromkeys(found))


def _grants(statements: Iterable[PolicyStatement], effect: str) -> list[Grant]:
    return [
        Grant(principal, action, resource, each.conditions)
        for each in statements
        if each.effect == effect
        for principal in _principals(each)
        for action in each.actions or (_except(each.not_actions),)
        for resource in each.resources or (_except(each.not_resources),)
    ]


def _principals(statement: PolicyStatement) -> tuple[str, ...]:
    if statement.not_principals:
        return (_except(value for _, value in statement.not_principals),)
    return tuple(value for _, value in statement.principals) or ("",)


def _except(names: Iterable[str]) -> str:
    said = ", ".join(names)
    return f"all but {said}" if said else ""


def _by_key(conditions: Iterable[tuple[str, str, str]]) -> _Conditions:
    found: _Conditions = {}
    for operator, key, value in conditions:
        found.setdefault((operator, key.lower()), set()).add(value)
    return found


def _is_looser(one: _Conditions, other: _Conditions) -> bool:
    """Whether all that meets `other` meets `one`. The values of a key are alternatives, except
    where an operator negates ("Evaluation logic for multiple context keys or values")."""
    return all(
        each in other and (values <= other[each] if "Not" in each[0] else values >= other[each])
        for each, values in one.items()
    )


def grown_roles(old: Blueprint, new: Blueprint) -> Iterator[Finding]:
    """Roles that may do more, or may be taken by more."""
    roles = by_names(old.roles)
    for role in new.roles:
        was = counterpart(roles, role)
        for text, found in _grown_role(was, role):
            if found:
                yield Finding(Risk.PERMISSION, role.address, text, found)
        if was and was.permissions_boundary and not role.permissions_boundary:
            yield Finding(Risk.PERMISSION, role.address, "has no permissions boundary any more")


def _grown_role(was: Role | None, role: Role) -> Iterator[tuple[str, tuple[str, ...]]]:
    yield "may", grown(_statements(was), _statements(role))
    known = unknown_managed_policies(was) if was else ()
    unknown = (each for each in unknown_managed_policies(role) if each not in known)
    yield "may do all of", tuple(unknown)
    yield "may be taken by", grown(was.trust if was else (), role.trust)
    if was and was.boundary and role.boundary:
        yield "has a boundary that allows", grown(was.boundary, role.boundary)


def _statements(role: Role | None) -> tuple[PolicyStatement, ...]:
    return () if role is None else (*role.statements, *managed_statements(role))


def grown_policies(old: Blueprint, new: Blueprint) -> Iterator[Finding]:
    """Resources whose own policies let more in. The account itself does not count: there its
    roles' policies decide. The default policies of keys and topics let it in."""
    policies = _policies(old)
    accounts = {Arn.of(arn).account for arn in new.arns} - {""}
    for address, statements in _policies(new).items():
        if found := grown(policies.get(address, ()), statements, accounts):
            yield Finding(Risk.PERMISSION, address, "lets in", found)


def _policies(blueprint: Blueprint) -> dict[str, tuple[PolicyStatement, ...]]:
    owners: tuple[Bucket | Topic | Key | Function | Secret, ...] = (
        *blueprint.buckets,
        *blueprint.topics,
        *blueprint.keys,
        *blueprint.functions,
        *blueprint.secrets,
    )
    found = {each.address: each.policy for each in owners}
    for queue in blueprint.queues:
        if text := queue.attributes.get("Policy"):
            block = Block(queue.address, {"policy": text})
            found[queue.address] = read_policy_document(block, "policy")
    return found
