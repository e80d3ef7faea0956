"""The tags of a resource, including those that the provider adds to all resources."""

from __future__ import annotations

from collections.abc import Mapping

from bonkei.blueprint.state.block import Block
from bonkei.blueprint.state.state import State


def read_tags(block: Block) -> dict[str, str]:
    """Return the tags by key."""
    found = block.values.get("tags_all") or block.values.get("tags") or {}
    return {str(key): str(value) for key, value in found.items() if value is not None}


def read_all_tags(state: State) -> Mapping[str, Mapping[str, str]]:
    """The tags of everything that has an ARN, by ARN."""
    found = {}
    for resource in state.resources:
        arn, tags = resource.values.get("arn"), read_tags(resource)
        if isinstance(arn, str) and arn and tags:
            found[arn] = tags
    return found
