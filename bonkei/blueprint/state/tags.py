"""The tags of a resource, with those that the provider gives to all."""

from __future__ import annotations

from bonkei.blueprint.state.block import Block


def read_tags(block: Block) -> dict[str, str]:
    """By key."""
    found = block.values.get("tags_all") or block.values.get("tags") or {}
    return {str(key): str(value) for key, value in found.items() if value is not None}
