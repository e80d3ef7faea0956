"""Arguments that every type of the AWS provider shares: its region, and inherited tags.

Source: the provider's documentation, "Resource Tagging" (default_tags) and "Enhanced Region
Support" (version 6: every regional resource has an argument `region`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from bonkei.definitions.provider import former
from bonkei.definitions.provider.behaviour import Context, Problem
from bonkei.definitions.provider.schema import Block
from bonkei.definitions.provider.values import UNKNOWN, Object, Value, given, is_known

_REGION = re.compile(r"[a-z]{2,4}(-[a-z]+){1,3}-\d{1,2}")


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


def tag_problems(config: Object) -> Iterator[Problem]:
    """A warning for each tag that the provider does not send: AWS keeps its prefix for itself.

    "Tag naming limits", https://docs.aws.amazon.com/tag-editor/latest/userguide/tagging.html
    """
    tags = config.get("tags")
    for key in tags if isinstance(tags, Mapping) else ():
        if key.lower().startswith("aws:"):
            detail = "Keys that begin with aws: are reserved. The provider does not send this tag,"
            detail = f"{detail} so each plan shows it as a change: give it another key."
            yield Problem(("tags", key), f"The tag {key} is never set", detail, "warning")


def former_problems(config: Object, names: Iterable[str]) -> Iterator[Problem]:
    """A warning for each of these arguments that is set."""
    for name in names:
        if given(config.get(name)):
            detail = "It changes nothing, and version 6 of the provider refuses it: remove it."
            yield Problem((name,), f"{name} is of an earlier provider", detail, "warning")


def provider_problems(config: Object) -> Sequence[Problem]:
    """Return the problems of a provider block, such as a region that does not exist. The region ""
    leaves it to the environment."""
    warnings = former_problems(config, former.SETTINGS)
    region = config.get("region")
    if not given(region) or region == "" or _REGION.fullmatch(region):
        return [*warnings]
    detail = f'"{region}" is not the name of an AWS Region, such as ap-northeast-1.'
    return [*warnings, Problem(("region",), "Invalid AWS Region", detail)]


def _is_computed(block: Block, name: str) -> bool:
    attribute = block.attributes.get(name)
    return attribute is not None and attribute.computed and not attribute.required
