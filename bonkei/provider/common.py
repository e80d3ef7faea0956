"""What every type of the AWS provider has in common: its region, and the tags it inherits.

Source: the provider's documentation, "Resource Tagging" (default_tags) and "Enhanced Region
Support" (version 6: every regional resource has an argument `region`).
"""

from __future__ import annotations

from collections.abc import Mapping

from bonkei.provider.behaviour import Context
from bonkei.provider.schema import Block
from bonkei.provider.values import UNKNOWN, Object, Value, is_known


def inherited(block: Block, config: Object, context: Context) -> dict[str, Value]:
    """The values of `region` and `tags_all` where the configuration leaves them to the provider."""
    values: dict[str, Value] = {}
    if _is_computed(block, "region") and config.get("region") is None:
        values["region"] = context.region
    if _is_computed(block, "tags_all") and config.get("tags_all") is None:
        values["tags_all"] = all_tags(config.get("tags"), context.default_tags)
    return values


def all_tags(tags: Value, default_tags: Mapping[str, str]) -> Value:
    """The provider's default tags with the resource's own on top; unknown if one of those is."""
    if not is_known(tags):
        return UNKNOWN
    own = {key: value for key, value in (tags or {}).items() if value is not None}
    return {**default_tags, **own}


def _is_computed(block: Block, name: str) -> bool:
    attribute = block.attributes.get(name)
    return attribute is not None and attribute.computed and not attribute.required
