"""Data sources that read resources of this stack, and no others of the account."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from bonkei.definitions.provider.aws.shared.lookups import (
    chosen,
    none_found,
    proposals,
    several_found,
)
from bonkei.definitions.provider.aws.shared.regions import zone_names
from bonkei.definitions.provider.aws.shared.resource import words
from bonkei.definitions.provider.behaviour import Context, DataSource, Described
from bonkei.definitions.provider.values import Object

Candidates = Callable[[Context], Iterable[Object]]


def own(resource_type: str, candidates: Candidates | None = None, **renamed: str) -> DataSource:
    """A data source that finds one resource of this stack by its arguments.

    `candidates`: instead of all resources of the type. `renamed`: the data source's argument -> the
    resource's.
    """
    kind = resource_type.removeprefix("aws_")

    def read(config: Object, context: Context) -> Object:
        there = candidates(context) if candidates else context.peers(resource_type)
        found = chosen(there, config, kind, renamed)
        if not found:
            raise none_found(resource_type, config, renamed)
        if len({str(one.get("id")) for one in found}) > 1:
            raise several_found(resource_type, config, found)
        said = {name: value for name, value in config.items() if value is not None}
        back = {name: found[0].get(attribute) for name, attribute in renamed.items()}
        return {**found[0], **back, **said}

    return DataSource(read=read)


def every(resource_type: str, candidates: Candidates | None = None) -> DataSource:
    """A data source for the ids of all resources that fit its arguments."""
    kind = resource_type.removeprefix("aws_")

    def read(config: Object, context: Context) -> Object:
        there = list(candidates(context) if candidates else context.peers(resource_type))
        found = sorted(chosen(there, config, kind), key=lambda one: str(one.get("id")))
        return {
            "id": context.region,
            "region": config.get("region") or context.region,
            "ids": [one.get("id") for one in found],
            "arns": [one.get("arn") for one in found],
            "vpc_ids": [one.get("vpc_id") for one in found],
            "tags": config.get("tags") or {},
        }

    def missing(config: Object, found: Object) -> Sequence[Described]:
        if found["ids"]:
            return ()
        return proposals(resource_type, config, zones=zone_names(str(found["region"]))[:2])

    return DataSource(read=read, missing=missing)


def by_own_names(types: str) -> Mapping[str, DataSource]:
    """Data sources with the name and the attributes of the resource type that they read."""
    return {name: own(name) for name in words(types)}
