"""A provider's functions for a type, beyond its schema.

The core (plan, apply, the server) is the same for every type. The particulars of one type are a
`ResourceBehaviour` or a `DataSource`: pure functions over plain Python values
(`bonkei.definitions.provider.values`). A value in a configuration or a plan may be UNKNOWN at any
depth, and null is None, so look before using (`given`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from bonkei.base.vault import MemoryVault, Vault
from bonkei.definitions.provider.values import Object, Value

Described: TypeAlias = Mapping[str, Any]
"""A resource outside the stack: its `type`, and any of its arguments and attributes."""
ACCOUNT_ID = "123456789012"
"""The account, unless the settings name another: the one of AWS's own examples."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with a configuration. Terraform shows it with file, line and source.

    `path` leads to the argument: names of attributes and blocks, indexes of list elements, keys of
    maps, for example ("ingress", 0, "cidr_blocks", 1). Inside a set, the index is the element's
    place in the given list. `of_schema`: the provider itself states it, and not a rule of AWS's.
    """

    path: tuple[str | int, ...]
    summary: str
    detail: str = ""
    severity: str = "error"  # error | warning
    of_schema: bool = False


def as_warnings(problems: Iterable[Problem]) -> list[Problem]:
    """The rules of AWS's as warnings, as the setting `aws_rules` wants it."""
    return [each if each.of_schema else replace(each, severity="warning") for each in problems]


class Refused(Exception):  # noqa: N818 -- an outcome of an operation, turned into a diagnostic
    """Raised by a behaviour: the service would refuse this. Becomes the operation's diagnostic."""

    def __init__(
        self,
        summary: str,
        detail: str = "",
        path: tuple[str | int, ...] = (),
        missing: Sequence[Described] = (),
    ) -> None:
        """`missing`: resources that would have been found."""
        super().__init__(summary)
        self.problem = Problem(path, summary, detail)
        self.missing = missing


def count_from_one() -> Callable[[str], int]:
    """A `Context.sequence` that lives in memory."""
    last: dict[str, int] = {}

    def following(name: str) -> int:
        last[name] = last.get(name, 0) + 1
        return last[name]

    return following


def nothing_seen(_: str) -> Sequence[Object]:
    """A `Context.peers` that knows no other resource."""
    return ()


@dataclass(frozen=True, slots=True)
class Context:
    """The surroundings of one operation on one resource."""

    account_id: str = ACCOUNT_ID
    region: str = "us-east-1"
    partition: str = "aws"
    default_tags: Mapping[str, str] = field(default_factory=dict)
    token: str = "0123456789abcdef0"  # noqa: S105 -- no secret
    """17 hexadecimal digits, the resource's own, drawn when it is created."""
    generation: int = 1
    """1 at creation, one more with each in-place update."""
    now: str = "2025-01-01T00:00:00Z"
    """When the operation runs, RFC 3339 in UTC."""
    vault: Vault = field(default_factory=MemoryVault)
    sequence: Callable[[str], int] = field(default_factory=count_from_one)
    """The next number, from 1, of the series with that name; never the same twice in one home.
    For numbers that AWS counts across resources, such as a task definition family's revisions."""
    peers: Callable[[str], Sequence[Object]] = nothing_seen
    """The last known states of a type's resources, and those outside the stack. For values that
    depend on another resource, such as whether a database instance is the first."""


ANY_CHANGE: frozenset[str] = frozenset({"*"})
"""In `recomputed_on_change`: whichever argument changes."""


def no_problems(_: Object) -> Sequence[Problem]:
    """A `validate` that accepts everything the schema accepts."""
    return ()


def nothing_missing(_config: Object, _found: Object) -> Sequence[Described]:
    """A `missing` of a search that may well find nothing."""
    return ()


def no_values(*_: object) -> Object:
    """A `defaults` or `mint` without values."""
    return {}


def no_effect(*_: object) -> None:
    """An `after_apply` or `after_destroy` that does nothing."""


def by_id(identifier: str, _: Context) -> Object:
    """An `import_` that knows only the id."""
    return {"id": identifier}


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceBehaviour:
    """A resource type's particulars. Every part has a default, so a type states only its own."""

    validate: Callable[[Object], Sequence[Problem]] = no_problems
    """The problems of a configuration. Runs at validate (variables unknown) and again at plan."""

    defaults: Callable[[Object], Object] = no_values
    """Values of Optional+Computed attributes (top level) that the plan can already know, given the
    configuration. Used where the configuration is null, at creation only; an in-place update keeps
    what the state has."""

    argument_defaults: Mapping[str, Value] = field(default_factory=dict)
    """Dotted path of an argument ("idle_timeout"; "health_check.interval": in each such block) ->
    the value it has whenever the configuration leaves it null, at creation and at each update
    (`Default` in the AWS provider's own schema)."""

    equivalent: Mapping[str, Callable[[Value, Value], bool]] = field(default_factory=dict)
    """Argument (top level) -> whether a prior and a configured value mean the same, such as two
    writings of one JSON document: then the prior value stays, and there is no difference."""

    force_new: frozenset[str] = frozenset()
    """Paths of arguments whose change replaces the resource: names joined by dots, without indexes
    ("setting.namespace"). A block's name stands for everything in it."""

    mint: Callable[[Object, Context], Object] = no_values
    """The computed values, given the planned values (all arguments known by now). Takes effect only
    where the plan says unknown, also inside blocks and lists of the same length."""

    recomputed_on_change: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Computed attribute -> the arguments (top level) whose in-place change makes it unknown, or
    ANY_CHANGE. Every other computed attribute keeps its value during an in-place update."""

    after_apply: Callable[[Object, Object, Context], None] = no_effect
    """The effect outside the state, given the configuration (write-only arguments included) and the
    new state. Runs after creation and after each update."""

    after_destroy: Callable[[Object, Context], None] = no_effect
    """The effect of destruction outside the state, given the last state."""

    import_: Callable[[str, Context], Object] = by_id
    """The state of what `terraform import` names; Refused if the id is malformed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSource:
    """A data source's particulars."""

    read: Callable[[Object, Context], Object]
    """The computed values (and defaults of optional ones), given a wholly known configuration.
    Refused if there is no such thing."""

    validate: Callable[[Object], Sequence[Problem]] = no_problems
    missing: Callable[[Object, Object], Sequence[Described]] = nothing_missing
    """Resources that the search was probably meant for, given its configuration and its result."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EphemeralResource:
    """An ephemeral resource's particulars: its values are never stored."""

    open: Callable[[Object, Context], Object]
    validate: Callable[[Object], Sequence[Problem]] = no_problems


class FunctionFailed(Exception):  # noqa: N818 -- an outcome, which Terraform shows
    """Raised by a provider's function: why it has no result for these arguments."""

    def __init__(self, text: str, argument: int | None = None) -> None:
        """`argument` is the place, from 0, of the one at fault."""
        super().__init__(text)
        self.argument = argument


@dataclass(frozen=True, slots=True)
class Function:
    """A function of the provider, `provider::NAME::FUNCTION(…)` in an expression."""

    call: Callable[..., Value]
    """Given the arguments, all known and none null. FunctionFailed if there is no result."""
    parameters: Mapping[str, Any]
    """Name -> type (`bonkei.definitions.provider.schema.Type`), in order."""
    returns: Any
    summary: str


def value_at(config: Object, *path: str) -> Value:
    """Follow names through blocks that occur at most once; None where the path ends early."""
    here: Value = config
    for name in path:
        if isinstance(here, list):
            here = here[0] if here else None
        if not isinstance(here, Mapping):
            return here
        here = here.get(name)
    return here
