"""The pure pipeline: events of a tag pass the filters, and then go to outputs by their tag.

Each output's own processors run when a chunk is about to be delivered, as Fluent Bit's do.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from bonkei.grammar.wildcards import between_stars
from bonkei.services.logs.router.configuration.model import Configuration, Section
from bonkei.services.logs.router.filters import (
    Filter,
    PartialMessages,
    make_grep,
    make_modify,
    make_parser_filter,
)
from bonkei.services.logs.router.parsing import Parse, make_parsers
from bonkei.services.logs.router.records import Event

Batch = tuple[str, list[Event]]


@dataclass(slots=True)
class Step:
    matches: Matches
    filter: Filter | PartialMessages


@dataclass(slots=True)
class Route:
    """One output: the tags that it takes, and its own processors."""

    section: Section
    matches: Matches
    processors: Sequence[Filter] = ()

    def select(self, events: Sequence[Event]) -> Sequence[Event]:
        for processor in self.processors:
            events = processor(events)
        return events


@dataclass(slots=True)
class Pipeline:
    """`run` returns batches for chunks, by tag. `now`: Unix seconds."""

    steps: Sequence[Step]
    routes: Sequence[Route]

    def run(
        self, tag: str, events: Sequence[Event], now: float, skip: Step | None = None
    ) -> list[Batch]:
        """`skip`: the filter that has held the events. It does not get them again."""
        for step in self.steps:
            if not events:
                break
            if step is skip or not step.matches(tag):
                continue
            if isinstance(step.filter, PartialMessages):
                events = step.filter.run(tag, events, now)
            else:
                events = step.filter(events)
        return [(tag, list(events))] if events else []

    def flush(self, now: float, *, everything: bool = False) -> list[Batch]:
        """The events that filters have held, and that are due."""
        done: list[Batch] = []
        for step, joins in self._holding():
            for tag, events in joins.flush(now, everything=everything):
                done += self.run(tag, events, now, step)
        return done

    def deadline(self) -> float | None:
        due = [joins.deadline() for _, joins in self._holding()]
        return min((each for each in due if each is not None), default=None)

    def _holding(self) -> Iterator[tuple[Step, PartialMessages]]:
        for step in self.steps:
            if isinstance(step.filter, PartialMessages):
                yield step, step.filter


def make_pipeline(configuration: Configuration) -> Pipeline:
    """Raises RouterError for a wrong section."""
    parsers = make_parsers(configuration.parsers)
    return Pipeline(
        [Step(matcher(section), _make(section, parsers)) for section in configuration.filters],
        [
            Route(section, matcher(section), list(map(make_grep, section.processors)))
            for section in configuration.outputs
        ],
    )


def _make(section: Section, parsers: Mapping[str, Parse]) -> Filter | PartialMessages:
    match section.name.lower():
        case "parser":
            return make_parser_filter(section, parsers)
        case "modify":
            return make_modify(section)
        case "multiline":
            return PartialMessages(section.text("multiline.key_content", "log"))
    return make_grep(section)


Matches = Callable[[str], bool]


def matcher(section: Section) -> Matches:
    """Whether a section's `match` takes a tag. `*` matches any text, even an empty one. Without
    match nothing matches.

    Source: "Routing" (pipeline/router).
    """
    found = section.find("match")
    if found is None:
        return lambda _tag: False
    source = between_stars(map(re.escape, found.value.split("*")))
    search = re.compile(source, re.DOTALL).fullmatch
    return lru_cache(maxsize=1024)(lambda tag: search(tag) is not None)
