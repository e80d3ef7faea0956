"""The images that a lifecycle policy expires. Pure.

Source: "Automate the cleanup of images by using lifecycle policies in Amazon ECR", Amazon ECR User
Guide: "An image that matches the tagging requirements of a rule cannot be expired by a rule with a
lower priority", and "Rules can never mark images that are marked by higher priority rules, but can
still identify them as if they haven't been expired".
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from bonkei.grammar.wildcards import between_stars
from bonkei.services.ecr.values import Contents, Image

_DAY = 86_400.0


def expired(policy: str, contents: Contents, now: float) -> tuple[str, ...]:
    """The digests to delete, in the rules' order. The provider has checked that `policy` is
    valid."""
    if not policy:
        return ()
    rules = sorted(json.loads(policy)["rules"], key=lambda rule: rule["rulePriority"])
    gone: dict[str, None] = {}
    matched = set[str]()  # by a rule of a higher priority
    for rule in rules:
        selection = rule["selection"]
        selected = [
            image
            for image in contents.images.values()
            if _is_selected(selection, contents.tags_of(image.digest))
        ]
        marked = (image.digest for image in _too_many_or_old(selection, selected, now))
        gone |= dict.fromkeys(digest for digest in marked if digest not in matched)
        matched |= {image.digest for image in selected}
    return tuple(gone)


def _is_selected(selection: Mapping[str, Any], tags: tuple[str, ...]) -> bool:
    match selection["tagStatus"]:
        case "any":
            return True
        case "untagged":
            return not tags
    prefixes = selection.get("tagPrefixList", ())
    patterns = selection.get("tagPatternList", ())
    # Each prefix of a list must match some tag of the image.
    return all(any(tag.startswith(prefix) for tag in tags) for prefix in prefixes) and all(
        any(_matches(pattern, tag) for tag in tags) for pattern in patterns
    )


def _matches(pattern: str, tag: str) -> bool:
    return re.fullmatch(between_stars(map(re.escape, pattern.split("*"))), tag) is not None


def _too_many_or_old(
    selection: Mapping[str, Any], images: list[Image], now: float
) -> Iterator[Image]:
    number = int(selection["countNumber"])
    newest_first = sorted(images, key=lambda image: image.pushed_at, reverse=True)
    match selection["countType"]:
        case "imageCountMoreThan":
            yield from newest_first[number:]
        case "sinceImagePushed":
            yield from (image for image in newest_first if now - image.pushed_at > number * _DAY)
        case "sinceImagePulled":
            yield from (
                image
                for image in newest_first
                if now - (image.pulled_at or image.pushed_at) > number * _DAY
            )
