"""What becomes reachable: rules of security groups, public places, and web ACLs that are gone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_network

from bonkei.analysis.changes.finding import Finding, Risk, by_names, counterpart
from bonkei.blueprint import Blueprint
from bonkei.blueprint.cloudfront import Distribution
from bonkei.blueprint.ec2.security_group import SecurityGroup, SecurityGroupRule
from bonkei.blueprint.elbv2 import LoadBalancer
from bonkei.blueprint.state import State

_ANYWHERE = {"0.0.0.0/0": "any IPv4 address", "::/0": "any IPv6 address"}
_PUBLIC = {
    "aws_db_instance": ("publicly_accessible", True, "has a public address"),
    "aws_rds_cluster_instance": ("publicly_accessible", True, "has a public address"),
    "aws_instance": ("associate_public_ip_address", True, "has a public address"),
    "aws_lambda_function_url": ("authorization_type", "NONE", "answers everyone"),
    "aws_cloudfront_distribution": ("enabled", True, "answers the internet"),
}
"""By type: the argument and its value that open a resource, and what that means."""
_BLOCKS = "aws_s3_bucket_public_access_block"
_FLAGS = (
    "block_public_acls",
    "block_public_policy",
    "ignore_public_acls",
    "restrict_public_buckets",
)


def opened(old: Blueprint, new: Blueprint) -> Iterator[Finding]:
    """What the rules of security groups let through that they did not."""
    groups = by_names(old.security_groups)
    for group in new.security_groups:
        was = counterpart(groups, group)
        known = [each for rule in was.rules for each in _openings(rule, old)] if was else []
        for direction, verb in (("ingress", "lets in"), ("egress", "lets out to")):
            found = [
                f"{each.peer_name} on {each.ports}"
                for rule in group.rules
                if rule.direction == direction
                for each in _openings(rule, new)
                if not _is_covered(each, known)
            ]
            if found:
                yield Finding(Risk.REACHABLE, group.address, verb, tuple(dict.fromkeys(found)))


@dataclass(frozen=True, slots=True)
class _Opening:
    direction: str
    protocol: str
    first: int
    last: int
    peer: str

    @property
    def peer_name(self) -> str:
        return _ANYWHERE.get(self.peer, self.peer)

    @property
    def ports(self) -> str:
        if self.protocol == "-1":
            return "every port"
        return f"{self.protocol} {self.first}" + (f"-{self.last}" * (self.last != self.first))


def _openings(rule: SecurityGroupRule, blueprint: Blueprint) -> Iterator[_Opening]:
    groups = (_name(each, blueprint.security_group(each)) for each in rule.security_group_ids)
    for peer in (*rule.cidr_blocks, *rule.prefix_list_ids, *groups):
        yield _Opening(rule.direction, rule.protocol, rule.from_port, rule.to_port, peer)


def _name(group_id: str, group: SecurityGroup | None) -> str:
    """The same before and after the replacement of a group."""
    return group_id if group is None else group.address


def _is_covered(opening: _Opening, known: list[_Opening]) -> bool:
    """Whether earlier rules together let all of it through."""
    ranges = sorted(
        (each.first, each.last)
        for each in known
        if each.direction == opening.direction
        and each.protocol in ("-1", opening.protocol)
        and _contains(each.peer, opening.peer)
    )
    first = opening.first
    for low, high in ranges:
        if low <= first:
            first = max(first, high + 1)
    return first > opening.last


def _contains(outer: str, inner: str) -> bool:
    if "/" not in outer or "/" not in inner:
        return outer == inner
    one, other = ip_network(outer, strict=False), ip_network(inner, strict=False)
    return one.version == other.version and other.subnet_of(one)  # type: ignore[arg-type]


def published(old: Blueprint, new: Blueprint, was: State, now: State) -> Iterator[Finding]:
    """What faces the internet, and did not; and what lost its protection."""
    there = _public(old, was)
    for address, said in _public(new, now).items():
        if said != there.get(address):
            yield Finding(Risk.REACHABLE, address, said)
    protected = _protected(new)
    for place, acl in _protected(old).items():
        behind: tuple[LoadBalancer | Distribution, ...] = (
            *new.load_balancers,
            *new.distributions,
        )
        for each in behind:
            if each.arn == place and place not in protected:
                yield Finding(Risk.REACHABLE, each.address, "is no longer behind", (acl,))
    yield from _unblocked(was, now)


def _public(blueprint: Blueprint, state: State) -> dict[str, str]:
    """What each public place is, by its address."""
    found = {
        each.address: _PUBLIC[each.type][2]
        for each in state.managed(*_PUBLIC)
        if each.values.get(_PUBLIC[each.type][0]) == _PUBLIC[each.type][1]
    }
    for balancer in blueprint.load_balancers:
        if not balancer.internal and balancer.listeners:
            ports = ", ".join(sorted({str(each.port) for each in balancer.listeners}))
            found[balancer.address] = f"faces the internet on {ports}"
    for service in blueprint.services:
        if service.assign_public_ip:
            found[service.address] = "gives its tasks public addresses"
    return found


def _unblocked(was: State, now: State) -> Iterator[Finding]:
    """Buckets that may become public. A new bucket is blocked by itself, and one whose block is
    removed is not ("Blocking public access to your Amazon S3 storage")."""
    old, new = _blocked(was), _blocked(now)
    for bucket in now.managed("aws_s3_bucket"):
        name = bucket.text("bucket", "")
        earlier_flags, flags = old.get(name, frozenset(_FLAGS)), new.get(name, frozenset())
        if (name in old or name in new) and earlier_flags - flags:
            lost = tuple(sorted(earlier_flags - flags))
            yield Finding(Risk.REACHABLE, bucket.address, "may become public without", lost)


def _blocked(state: State) -> Mapping[str, frozenset[str]]:
    """The flags that are on, by the bucket's name."""
    return {
        each.text("bucket", ""): frozenset(flag for flag in _FLAGS if each.values.get(flag))
        for each in state.managed(_BLOCKS)
    }


def _protected(blueprint: Blueprint) -> Mapping[str, str]:
    """The address of the web ACL, by the ARN of what it protects."""
    names = {each.arn: each.address for each in blueprint.web_acls}
    found = {place: acl.address for acl in blueprint.web_acls for place in acl.protects}
    for each in blueprint.distributions:
        if each.web_acl_arn:
            found[each.arn] = names.get(each.web_acl_arn, each.web_acl_arn)
    return found
