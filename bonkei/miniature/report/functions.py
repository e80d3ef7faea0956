"""The functions and topics in `bonkei status`, for a person."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Row = Sequence[str]


def function_rows(functions: Mapping[str, Any]) -> Iterator[Row]:
    """One row a function."""
    for each in functions["functions"]:
        yield (
            each["name"],
            each["runtime"],
            f"{each['running']} running, {each['processes']} processes",
            f"{each['invocations']} calls",
            f"{each['errors']} errors",
            each["note"],
        )


def topic_rows(functions: Mapping[str, Any]) -> Iterator[Row]:
    """The messages of the topics, and their destinations."""
    topics = functions["topics"]
    counts = ("published", "delivered", "filtered", "failed")
    yield "topics", ", ".join(f"{topics[each]} {each}" for each in counts)
    waiting = topics["waiting"] + functions["waiting"]
    if waiting:
        yield "waiting", f"{waiting} to be tried (again)"
    yield "Slack", functions["slack"]
