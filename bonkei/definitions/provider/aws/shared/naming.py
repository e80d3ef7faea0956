"""Ids, ARNs and names as AWS forms them.

Random parts derive from the resource's token: they are unique, and stay the same for the life of
the resource. ARN formats: "Actions, resources, and condition keys for AWS services",
https://docs.aws.amazon.com/service-authorization/latest/reference/
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from bonkei.definitions.provider.aws.shared.regions import dns_suffix
from bonkei.definitions.provider.aws.shared.seeds import HEX, scatter
from bonkei.definitions.provider.behaviour import Context
from bonkei.definitions.provider.values import Object, Value, given


@dataclass(frozen=True, slots=True)
class Mint:
    """Names one resource: its planned values and the surroundings in which it is created."""

    planned: Object
    context: Context

    def given(self, name: str) -> Value:
        """A top-level value; None when it is null or not known."""
        value = self.planned.get(name)
        return value if given(value) else None

    def peer(self, kind: str, identifier: Value) -> Object:
        """The resource of this stack with that id; empty if there is none."""
        return next((one for one in self.context.peers(kind) if one.get("id") == identifier), {})

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
        """An ARN. A global service's has no region: pass an empty region or account to omit it."""
        where = self.region if region is None else region
        whose = self.account if account is None else account
        return f"arn:{self.context.partition}:{service}:{where}:{whose}:{resource}"

    def name(self, argument: str = "name", prefix: str = "terraform-", **more: str) -> str:
        """The given name, or a name with the given prefix (`<argument>_prefix`)."""
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


def name_as_id(service: str, kind: str, argument: str = "name") -> Minting:
    """Its id is its name, which the ARN ends in."""

    def mint_it(mint: Mint) -> Mapping[str, Value]:
        name = mint.given(argument)
        return {"id": name, "arn": mint.arn(service, f"{kind}{name}")}

    return mint_it


def made_name_as_id(service: str, kind: str) -> Minting:
    """Like `name_as_id`, for a type that receives a name when none is given."""

    def mint_it(mint: Mint) -> Mapping[str, Value]:
        name = mint.name()
        return {"id": name, "arn": mint.arn(service, f"{kind}{name}"), "name": name}

    return mint_it


def arn_as_id(service: str, kind: str) -> Minting:
    """Its id is its ARN. The ARN ends in its name."""

    def mint_it(mint: Mint) -> Mapping[str, Value]:
        identifier = mint.arn(service, f"{kind}{mint.name()}")
        return {"id": identifier, "arn": identifier}

    return mint_it
