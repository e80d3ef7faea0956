"""Whether a section's `match` or `match_regex` takes a tag."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from bonkei.grammar.wildcards import between_stars
from bonkei.services.logs.router.configuration.model import Section
from bonkei.services.logs.router.records.patterns import compile_pattern

Matches = Callable[[str], bool]


def matcher(section: Section) -> Matches:
    """`*` matches any text, even an empty one. Without match and match_regex nothing matches.

    Source: "Routing" (pipeline/router).
    """
    if found := section.find("match_regex"):
        pattern = compile_pattern(found.value, found.place)
        search = pattern.search
    elif found := section.find("match"):
        source = between_stars(map(re.escape, found.value.split("*")))
        search = re.compile(source, re.DOTALL).fullmatch
    else:
        return lambda _tag: False
    return lru_cache(maxsize=1024)(lambda tag: search(tag) is not None)
