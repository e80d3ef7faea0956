"""Ids, ARNs and names as AWS forms them, and the builder of a type's behaviour.

Everything random derives from the resource's own token, so that it is unique and stays the same as
long as the resource lives. ARN formats: "Actions, resources, and condition keys for AWS services",
https://docs.aws.amazon.com/service-authorization/latest/reference/
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from bonkei.provider.aws.checks import Rule, validator
from bonkei.provider.aws.regions import dns_suffix
from bonkei.provider.aws.seeds import HEX, scatter
from bonkei.provider.behaviour import Context, ResourceBehaviour, by_id, no_effect
from bonkei.provider.values import Object, Value, given


@dataclass(frozen=True, slots=True)
class Mint:
    """Names one resource: its planned values and the surroundings in which it is created."""

    planned: Object
    context: Context

    def given(self, name: str) -> Value:
        """A top-level value; None when it is null or not known."""
        value = self.planned.get(name)
        return value if given(value) else None

    @property
    def region(self) -> str:
        """The resource's own region, or the provider's."""
        return str(self.given("region") or self.context.region)

    @property
    def account(self) -> str:
        return self.context.account_id

    @property
    def suffix(self) -> str:
        """The partition's domain."""
        return dns_suffix(self.context.partition)

    def random(self, length: int, alphabet: str = HEX, label: str = "") -> str:
        return scatter(f"{self.context.token}/{label}", length, alphabet)

    def id(self, prefix: str, label: str = "") -> str:
        """A long id of EC2's: `vpc-` and 17 hexadecimal digits, the first of them 0."""
        return f"{prefix}-0{self.random(16, HEX, f'{prefix}/{label}')}"

    def uuid(self, label: str = "") -> str:
        return str(uuid.UUID(hex=self.random(32, HEX, f"uuid/{label}"), version=4))

    def arn(
        self, service: str, resource: str, *, region: str | None = None, account: str | None = None
    ) -> str:
        """An ARN; an empty region or account is left out, as in a global service's."""
        where = self.region if region is None else region
        whose = self.account if account is None else account
        return f"arn:{self.context.partition}:{service}:{where}:{whose}:{resource}"

    def name(self, argument: str = "name", prefix: str = "terraform-", **more: str) -> str:
        """The name given, or one made from the prefix given (`<argument>_prefix`)."""
        chosen = self.given(argument)
        if chosen:
            return str(chosen)
        start = self.given(more.get("prefix_argument", f"{argument}_prefix")) or prefix
        return f"{start}{self.serial(argument)}"

    def serial(self, label: str = "") -> str:
        """26 characters in the form of the AWS provider's unique ids: a time stamp, a count."""
        stamp = "".join(character for character in self.context.now if character.isdigit())[:14]
        return f"{stamp}{self.random(12, HEX, f'serial/{label}')}"


Minting: TypeAlias = Callable[[Mint], Mapping[str, Value]]


def nothing(_: Mint) -> Mapping[str, Value]:
    return {}


def words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def resource(
    mint: Minting = nothing,
    *rules: Rule,
    force_new: str = "",
    defaults: Mapping[str, Value] | Callable[[Object], Object] | None = None,
    arguments: Mapping[str, Value] | None = None,
    recomputed: Mapping[str, str] | None = None,
    equivalent: Mapping[str, Callable[[Value, Value], bool]] | None = None,
    regional: bool = True,
    import_: Callable[[str, Context], Object] | str = by_id,
    after_apply: Callable[[Object, Object, Context], None] = no_effect,
    after_destroy: Callable[[Object, Context], None] = no_effect,
) -> ResourceBehaviour:
    """A behaviour from its parts.

    `force_new` and the values of `recomputed` are lists of names, parted by blanks. A name as
    `import_` means: that attribute equals the id. Regional types have the argument `region`.
    """

    def minting(planned: Object, context: Context) -> Object:
        values = dict(mint(Mint(planned, context)))
        if regional:
            values.setdefault("region", context.region)
        return values

    def importing(identifier: str, _: Context) -> Object:
        return {"id": identifier, str(import_): identifier}

    constant = dict(defaults) if isinstance(defaults, Mapping) else {}
    return ResourceBehaviour(
        validate=validator(*rules),
        defaults=defaults if callable(defaults) else (lambda _: constant),
        argument_defaults=arguments or {},
        force_new=words(force_new) | ({"region"} if regional else set()),
        mint=minting,
        recomputed_on_change={
            attribute: words(names) for attribute, names in (recomputed or {}).items()
        },
        equivalent=equivalent or {},
        after_apply=after_apply,
        after_destroy=after_destroy,
        import_=importing if isinstance(import_, str) else import_,
    )


def each(value: Value) -> Iterable[Mapping[str, Value]]:
    """The known blocks of a nested block, whether the schema has it single, as a list or a set."""
    if isinstance(value, Mapping):
        return (value,)
    return (item for item in value if isinstance(item, Mapping)) if isinstance(value, list) else ()


def first(value: Value) -> Mapping[str, Value]:
    """The block of one that occurs at most once; empty when it is absent."""
    return next(iter(each(value)), {})


def same_shape(
    value: Value, fill: Callable[[int, Mapping[str, Value]], Mapping[str, Value]]
) -> Value:
    """The nested block's value with each block overlaid by `fill(index, block)`, shape kept."""
    if isinstance(value, Mapping):
        return {**value, **fill(0, value)}
    if isinstance(value, list):
        return [
            {**item, **fill(index, item)} if isinstance(item, Mapping) else item
            for index, item in enumerate(value)
        ]
    return value
