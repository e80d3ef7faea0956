"""Finds existing resources: by the arguments of a data source, its filters and its tags.

Filters: "Filter" in the actions of the Amazon EC2 API reference (DescribeVpcs, DescribeSubnets, …):
values may hold `*` and `?`.
"""

from __future__ import annotations

import fnmatch
import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bonkei.definitions.provider.aws.shared.blocks import each
from bonkei.definitions.provider.aws.shared.resource import words
from bonkei.definitions.provider.behaviour import Described, Refused
from bonkei.definitions.provider.values import Object, Value

# These arguments are about the search, not about the resource.
_HOW = words(
    "filter tags region timeouts most_recent with_decryption statuses types key_types"
    " version_stage scope"
)
# EC2's filter -> the attribute, where their names differ.
_ATTRIBUTES = {
    "group-id": "id",
    "group-name": "name",
    "is-default": "default",
    "isDefault": "default",
    "cidr": "cidr_block",
    "association.subnet-id": "subnet_id",
    "attachment.vpc-id": "vpc_id",
    "availabilityZone": "availability_zone",
    "defaultForAz": "default_for_az",
}


def chosen(
    candidates: Iterable[Object],
    config: Object,
    kind: str,
    renamed: Mapping[str, str] | None = None,
) -> Sequence[Object]:
    """The resources that fit all arguments of the configuration.

    `kind` is the type without "aws_", so that `vpc-id` of a VPC is its own id. `renamed`: the data
    source's argument -> the attribute. Refused if a filter is not understood.
    """
    wanted = _arguments(config, renamed or {})
    found = [one for one in candidates if all(one.get(k) == v for k, v in wanted.items())]
    for number, block in enumerate(each(config.get("filter"))):
        name, values = _filter(block)
        attribute = _attribute(name, kind)
        found = [one for one in found if _passes(one, name, attribute, values, number)]
    tags = config.get("tags") or {}
    return [one for one in found if all(_tag_is(one, key, [tags[key]]) for key in tags)]


def _arguments(config: Object, renamed: Mapping[str, str]) -> dict[str, Value]:
    """The attributes that the resource must have."""
    return {
        renamed.get(name, name): value
        for name, value in config.items()
        if name not in _HOW and value not in (None, "", [])
    }


def _filter(block: Mapping[str, Value]) -> tuple[str, list[str]]:
    return str(block.get("name")), [str(value) for value in block.get("values") or ()]


def _attribute(name: str, kind: str) -> str:
    """The attribute behind a filter."""
    if name == f"{kind.replace('_', '-')}-id":
        return "id"
    return _ATTRIBUTES.get(name, name.replace("-", "_"))


def _passes(one: Object, name: str, attribute: str, values: Sequence[str], number: int) -> bool:
    if name.startswith("tag:"):
        return _tag_is(one, name.removeprefix("tag:"), values)
    if name == "tag-key":
        return any(_fits(key, values) for key in _tags(one))
    if attribute not in one:
        if attribute == "state":
            return "available" in values
        raise Refused(
            f'the filter "{name}" is not known here',
            "The miniature filters by the attributes of the stack's resources, and by tags:"
            " write one of those, or give the id.",
            ("filter", number, "name"),
        )
    return _fits(_written(one[attribute]), values)


def _tag_is(one: Object, key: str, values: Sequence[Value]) -> bool:
    tags = _tags(one)
    return key in tags and _fits(str(tags[key]), [str(value) for value in values])


def _tags(one: Object) -> Mapping[str, Value]:
    tags = one.get("tags_all") or one.get("tags")
    return tags if isinstance(tags, Mapping) else {}


def _fits(text: str, patterns: Sequence[str]) -> bool:
    return any(fnmatch.fnmatchcase(text, pattern.replace("[", "[[]")) for pattern in patterns)


def _written(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def asked(config: Object) -> str:
    """The search criteria, for a message."""
    said = [
        f'{name} = "{_written(value)}"'
        for name, value in config.items()
        if name not in ("filter", "tags", "timeouts") and value not in (None, "", [])
    ]
    said += [
        f"{block.get('name')} = {', '.join(map(str, block.get('values') or ()))}"
        for block in each(config.get("filter"))
    ]
    said += [f'tags.{key} = "{value}"' for key, value in (config.get("tags") or {}).items()]
    return " and ".join(said)


def proposal(kind: str, config: Object, renamed: Mapping[str, str] | None = None) -> Described:
    """Describe a resource that this look-up would find. A wildcard stands for nothing."""
    described: dict[str, Any] = _arguments(config, renamed or {})
    tags = dict(config.get("tags") or {})
    for block in each(config.get("filter")):
        name, values = _filter(block)
        value = values[0].replace("*", "").replace("?", "x") if values else ""
        if name.startswith("tag:"):
            tags[name.removeprefix("tag:")] = value
        elif name == "tag-key":
            tags[value] = ""
        elif "." not in name and name != "state":
            attribute = _attribute(name, kind.removeprefix("aws_"))
            described[attribute] = {"true": True, "false": False}.get(value, value)
    return {"type": kind, **described, **({"tags": tags} if tags else {})}


def proposals(
    kind: str,
    config: Object,
    renamed: Mapping[str, str] | None = None,
    zones: Sequence[str] = (),
) -> Sequence[Described]:
    """Describe what this look-up would find, with what others read of it: networks have ranges of
    addresses, and a subnet's route table is associated with it. `zones`: one subnet in each."""
    one = dict(proposal(kind, config, renamed))
    number = zlib.crc32(json.dumps(one, sort_keys=True, default=str).encode())
    if kind == "aws_vpc":
        return [{**one, "cidr_block": one.get("cidr_block", "10.0.0.0/16")}]
    if kind == "aws_subnet":
        if "availability_zone" in one or not zones:
            zones = (one.pop("availability_zone", ""),)
        first = number % 1024 // len(zones) * len(zones)
        return [
            {
                **one,
                **({"availability_zone": zone} if zone else {}),
                "cidr_block": one.get("cidr_block", f"10.0.{place // 4}.{place % 4 * 64}/26"),
            }
            for place, zone in enumerate(zones, first)
        ]
    if kind == "aws_route_table" and (subnet := one.pop("subnet_id", None)):
        table = one.setdefault("id", f"rtb-{number:017x}")
        link = {"type": "aws_route_table_association", "subnet_id": subnet, "route_table_id": table}
        return [one, link]
    return [one]


def none_found(kind: str, config: Object, renamed: Mapping[str, str] | None = None) -> Refused:
    """The error for a resource that this stack does not have."""
    said = asked(config)
    return Refused(
        f"there is no {kind}{f' with {said}' if said else ''}",
        "There is no AWS account behind the miniature. If this stack creates it, add depends_on to"
        " the data block. If it exists outside this stack, describe it in bonkei.toml:",
        missing=proposals(kind, config, renamed),
    )


def several_found(kind: str, config: Object, found: Sequence[Object]) -> Refused:
    """The error when several resources fit."""
    ids = ", ".join(str(one.get("id")) for one in found)
    return Refused(
        f"{len(found)} of {kind} have {asked(config) or 'nothing to distinguish them'}",
        f"Add arguments until only one of {ids} fits.",
    )
