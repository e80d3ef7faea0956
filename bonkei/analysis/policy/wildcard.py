"""IAM's wildcards and policy variables.

`*` matches any characters, `?` one, and `${key}` is replaced by a value of the request's context.
"IAM policy elements: Variables and tags",
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from bonkei.grammar.wildcards import between_stars

Context = Mapping[str, tuple[str, ...]]
"""Condition keys, in lower case, with their values."""

_VARIABLE = re.compile(r"\$\{([^}]*)\}")
_SEGMENTS = 6  # of an ARN; the last one may contain colons


def matches(pattern: str, value: str, *, ignore_case: bool = False) -> bool:
    """Whether the whole value matches."""
    if not (ignore_case or "*" in pattern or "?" in pattern):
        return plain(pattern) == value
    return _compiled(pattern, ignore_case).fullmatch(value) is not None


def matches_arn(pattern: str, arn: str) -> bool:
    """Compare segment by segment, so that no wildcard matches across the first five colons.

    A pattern with fewer segments covers the rest if its last segment ends in `*`. "IAM JSON policy
    elements: Resource", "Use of wildcards in resource ARNs".
    """
    if pattern == "*":
        return True
    wanted = pattern.split(":", _SEGMENTS - 1)
    given = arn.split(":", len(wanted) - 1)
    if len(given) != len(wanted):
        return False
    if len(wanted) < _SEGMENTS and not pattern.endswith("*"):
        return matches(pattern, arn)
    return all(map(matches, wanted, given))


def completed(pattern: str) -> str:
    """An incomplete ARN as IAM completes it in an identity-based policy: `arn:aws:sqs` covers every
    queue. "IAM identifiers", section "IAM ARNs"."""
    missing = _SEGMENTS - 1 - pattern.count(":")
    return pattern + ":*" * missing if missing > 0 and pattern.startswith("arn:") else pattern


def has_variable(pattern: str) -> bool:
    return "${" in pattern


def substitute(pattern: str, context: Context) -> str | None:
    """The pattern with its variables replaced. Wildcards in a replaced value are literal
    characters.

    None if the context lacks a variable without a default: the pattern then matches nothing.
    """
    missing = False

    def value_of(found: re.Match[str]) -> str:
        nonlocal missing
        name, _, default = found[1].partition(",")
        if name in ("*", "?", "$"):
            return _literal(name)
        values = context.get(name.strip().lower(), ())
        if len(values) == 1:
            return _literal(values[0])
        if default:
            return _literal(default.strip().strip("'"))
        missing = True
        return ""

    replaced = _VARIABLE.sub(value_of, pattern)
    return None if missing else replaced


def anything_for_variables(pattern: str) -> str:
    """The pattern before a request is known: a variable matches any text."""
    return _VARIABLE.sub("*", pattern)


_STAR, _QUESTION = "\ue000", "\ue001"  # private-use: a literal * and ? in a pattern


def _literal(text: str) -> str:
    return text.replace("*", _STAR).replace("?", _QUESTION)


def plain(text: str) -> str:
    """A substituted text. It is compared literally, without wildcards."""
    return text.replace(_STAR, "*").replace(_QUESTION, "?")


@lru_cache(maxsize=8192)
def _compiled(pattern: str, ignore_case: bool) -> re.Pattern[str]:
    text = between_stars(_fixed(each) for each in re.split(r"\*+", pattern))
    return re.compile(text, re.DOTALL | (re.IGNORECASE if ignore_case else 0))


def _fixed(text: str) -> str:
    return "".join("." if part == "?" else re.escape(plain(part)) for part in text)
