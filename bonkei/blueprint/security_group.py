"""Security groups and their rules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class SecurityGroupRule:
    """One rule, however it is written. Peers are CIDR blocks, prefix lists and security groups.

    `protocol` is `-1` for all; the ports are then meaningless.
    """

    address: str
    direction: Literal["ingress", "egress"]
    protocol: str
    from_port: int
    to_port: int
    cidr_blocks: tuple[str, ...] = ()
    prefix_list_ids: tuple[str, ...] = ()
    security_group_ids: tuple[str, ...] = ()

    def covers(self, protocol: str, port: int) -> bool:
        """Whether the rule is about this protocol and port."""
        if self.protocol == "-1":
            return True
        return self.protocol == protocol and self.from_port <= port <= self.to_port


@dataclass(frozen=True, slots=True)
class SecurityGroup:
    """Everything that is not allowed by a rule is denied."""

    address: str
    arn: str
    id: str
    name: str
    vpc_id: str
    rules: tuple[SecurityGroupRule, ...] = ()

    def ingress(self) -> tuple[SecurityGroupRule, ...]:
        """The rules about what may come in."""
        return tuple(rule for rule in self.rules if rule.direction == "ingress")

    def egress(self) -> tuple[SecurityGroupRule, ...]:
        """The rules about what may go out."""
        return tuple(rule for rule in self.rules if rule.direction == "egress")
