"""One policy: its statements, prepared once, and the selection of those that apply to a request."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from bonkei.analysis.policy.condition import Condition, conditions_of, holds
from bonkei.analysis.policy.principal import Match, Principal, match
from bonkei.analysis.policy.wildcard import (
    Context,
    anything_for_variables,
    completed,
    has_variable,
    matches,
    matches_arn,
    substitute,
)
from bonkei.blueprint.iam import PolicyStatement


@dataclass(frozen=True, slots=True)
class Request:
    """The question to IAM. `resource` is an ARN, or `*` for an action without a resource. `context`
    has condition keys in lower case. `resource_account` is empty for the caller's own. `is_open`
    means that there is no actual request, so only the keys in `context` are known. A condition on
    another key then counts as met where it allows, and as not met where it denies; any principal
    fits."""

    principal: Principal
    action: str
    resource: str
    context: Context = field(default_factory=dict)
    resource_account: str = ""
    is_open: bool = False


@dataclass(frozen=True, slots=True)
class Applied:
    """A statement that applies to a request, and how closely it names the caller."""

    statement: PolicyStatement
    match: Match


@dataclass(frozen=True, slots=True)
class Kind:
    """Whose policy it is. A resource's own `names_principals`, and a statement that does not name
    one matches no caller. `is_bounded`: the caller has a permissions boundary."""

    names_principals: bool = False
    is_bounded: bool = False


_IDENTITYS = Kind()


@dataclass(frozen=True, slots=True)
class _Prepared:
    """`resources` and `not_resources`: those of the statement, completed if it is of a policy
    without principals, which is an identity's."""

    statement: PolicyStatement
    conditions: tuple[Condition, ...]
    resources: tuple[str, ...]
    not_resources: tuple[str, ...]


def _prepare(statement: PolicyStatement) -> _Prepared:
    conditions = conditions_of(statement.conditions, has_variables=statement.has_variables)
    resources, not_resources = statement.resources, statement.not_resources
    if not statement.principals and not statement.not_principals:
        resources = tuple(map(completed, resources))
        not_resources = tuple(map(completed, not_resources))
    return _Prepared(statement, conditions, resources, not_resources)


_ACTIONS = 1_024  # actions that a policy remembers


class Policy:
    """The statements of all policies of one kind. `prepare` raises UnknownOperatorError."""

    def __init__(self, statements: Iterable[PolicyStatement]) -> None:
        self._statements = tuple(map(_prepare, statements))
        self._by_action: dict[str, tuple[_Prepared, ...]] = {}

    @property
    def statements(self) -> tuple[PolicyStatement, ...]:
        return tuple(each.statement for each in self._statements)

    def applied(self, request: Request, kind: Kind = _IDENTITYS) -> Iterator[Applied]:
        """The matching statements in policy order, both Deny and Allow."""
        for each in self._of(request.action):
            closeness = _about(each, request, kind)
            if closeness and _met(each, request):
                yield Applied(each.statement, closeness)

    def about(self, action: str) -> tuple[PolicyStatement, ...]:
        """The statements that name an action, with any other conditions."""
        return tuple(each.statement for each in self._of(action))

    def _of(self, action: str) -> tuple[_Prepared, ...]:
        """The statements about an action. They are cached: an application makes the same few calls
        again and again."""
        found = self._by_action.get(action)
        if found is None:
            if len(self._by_action) >= _ACTIONS:
                self._by_action.clear()
            found = tuple(each for each in self._statements if _fits_action(each.statement, action))
            self._by_action[action] = found
        return found

    def absent_keys(self, request: Request, kind: Kind) -> frozenset[str]:
        """Condition keys that statements about this request need and the request lacks."""
        return frozenset(
            condition.key
            for each in self._of(request.action)
            if each.conditions and _about(each, request, kind)
            for condition in each.conditions
            if condition.key not in request.context
        )


def _met(each: _Prepared, request: Request) -> bool:
    if not request.is_open:
        return all(holds(one, request.context) for one in each.conditions)
    known = [one for one in each.conditions if one.key in request.context]
    if each.statement.effect == "Deny" and len(known) < len(each.conditions):
        return False
    return all(holds(one, request.context) for one in known)


def _about(each: _Prepared, request: Request, kind: Kind) -> Match:
    """How closely the elements other than Action and Condition fit.

    "The NotPrincipal element with a Deny effect will always deny any IAM principal that has a
    permissions boundary policy attached": "IAM JSON policy elements: NotPrincipal".
    """
    statement = each.statement
    if not _fits_resource(each, request):
        return Match.NO
    if request.is_open:
        return Match.EXACT
    if statement.not_principals:
        named = match(statement.not_principals, request.principal)
        always = kind.is_bounded and statement.effect == "Deny"
        return Match.NO if named > Match.ACCOUNT and not always else Match.ANYONE
    if statement.principals:
        return match(statement.principals, request.principal)
    return Match.NO if kind.names_principals else Match.EXACT


def _fits_action(statement: PolicyStatement, action: str) -> bool:
    if statement.not_actions:
        return not any(matches(each, action, ignore_case=True) for each in statement.not_actions)
    return any(matches(each, action, ignore_case=True) for each in statement.actions)


def _fits_resource(each: _Prepared, request: Request) -> bool:
    """A trust policy has no Resource element. It applies to its own role."""
    has_variables = each.statement.has_variables
    if each.not_resources:
        return not _is_one_of(each.not_resources, request, has_variables)
    return not each.resources or _is_one_of(each.resources, request, has_variables)


def _is_one_of(patterns: tuple[str, ...], request: Request, has_variables: bool) -> bool:
    for pattern in patterns:
        wanted: str | None = pattern
        if has_variables and has_variable(pattern):
            wanted = (
                anything_for_variables(pattern)
                if request.is_open
                else substitute(pattern, request.context)
            )
        if wanted is not None and matches_arn(wanted, request.resource):
            return True
    return False
