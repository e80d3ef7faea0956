"""Whether a metric filter's pattern can match a record from a writer of its log group.

"Filter pattern syntax",
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
"""

from __future__ import annotations

import re

from bonkei.analysis.check.log_writer import Writer
from bonkei.grammar.filter_pattern import FilterPatternError, parse
from bonkei.grammar.filter_pattern.fields import Fields
from bonkei.grammar.filter_pattern.json_pattern import Comparison, Exists, Leaf, alternatives
from bonkei.grammar.filter_pattern.terms import Terms

_LEVEL = re.compile(r"\]:(\s*[A-Z]+):")
# "Severity Levels" of PostgreSQL, https://www.postgresql.org/docs/current/runtime-config-logging.html
_LEVELS = {"DEBUG", "DETAIL", "ERROR", "FATAL", "HINT", "INFO", "LOG", "NOTICE", "PANIC"} | {
    "CONTEXT",
    "QUERY",
    "STATEMENT",
    "WARNING",
}
# "Flow log records": ids, addresses, numbers and these words.
_FLOW_WORDS = {"ACCEPT", "REJECT", "OK", "NODATA", "SKIPDATA"}


def why_it_never_matches(pattern: str, writer: Writer) -> str:
    """Say why it cannot match. The result is empty if it may."""
    try:
        content = parse(pattern).content
    except FilterPatternError as error:
        return f"AWS refuses it ({error.message.splitlines()[0]})"
    if writer.form == "unknown":
        return ""
    if not isinstance(content, Terms | Fields):
        if writer.form != "json":
            return f"{writer.name} writes lines, not JSON objects"
        found = [_of_all(leaves, writer) for leaves in alternatives(content)]
        return "" if "" in found else found[0]
    if levels := _LEVEL.findall(pattern):
        if writer.form != "postgresql":
            return f"{writer.name} does not write PostgreSQL's format"
        wrong = [level for level in levels if level not in _LEVELS]
        return f"PostgreSQL writes no `]:{wrong[0]}:`" if wrong else ""
    if writer.form == "flow" and isinstance(content, Terms):
        words = re.findall(r"[A-Z]{2,}", pattern)
        strange = [word for word in words if word not in _FLOW_WORDS]
        return f"a flow log has no {strange[0]}" if strange else ""
    return ""


def _of_all(leaves: tuple[Leaf, ...], writer: Writer) -> str:
    """Find the first of several required comparisons that cannot hold."""
    found = (_of_leaf(leaf, writer) for leaf in leaves)
    return next((reason for reason in found if reason), "")


def _of_leaf(leaf: Leaf, writer: Writer) -> str:
    first = str(leaf.selector.steps[0])
    may_be_absent = isinstance(leaf, Exists) and not leaf.wanted
    if writer.keys is not None and first not in {*writer.keys, "*"} and not may_be_absent:
        return f"the records of {writer.name} have no {first}"
    if not isinstance(leaf, Comparison) or leaf.operator != "=":
        return ""
    if leaf.value.kind not in ("text", "number"):
        return ""
    key, value = ".".join(map(str, leaf.selector.steps)), leaf.value.text
    own = [regex for name, regex in writer.only if name == key]
    if any(not _may_match(regex, value) for regex in own):
        return f"{writer.name} lets through only records with {key} {' and '.join(own)}"
    others = [name for name, regex in writer.only if _may_match(regex, value)]
    if not own and others:
        return f"{writer.name} has {value} in {others[0]}, not in {key}"
    return ""


def _may_match(regex: str, value: str) -> bool:
    """Fluent Bit's expressions are Ruby's. One that Python cannot compile counts as a match."""
    try:
        return re.search(regex, value) is not None
    except re.error:
        return True
