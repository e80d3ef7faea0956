"""The pure pipeline: events of a tag pass the filters, and then go to outputs by their tag.

Each output's own processors run when a chunk is about to be delivered, as Fluent Bit's do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from bonkei.logs.router.configuration.model import Configuration, Section
from bonkei.logs.router.errors import RouterError
from bonkei.logs.router.filters import Filter, emitting
from bonkei.logs.router.filters import records as of_records
from bonkei.logs.router.filters.grep import make_grep
from bonkei.logs.router.filters.modify import make_modify
from bonkei.logs.router.parsing.multiline import MultilineParser, make_multiline_parsers
from bonkei.logs.router.parsing.parsers import Parse, make_parsers
from bonkei.logs.router.records import Event
from bonkei.logs.router.records.tags import Matches, matcher

Batch = tuple[str, list[Event]]
_DEPTH = 32  # of records that are emitted again and again


@dataclass(slots=True)
class Step:
    filter: Filter
    matches: Matches


@dataclass(slots=True)
class Route:
    """One output: the tags that it takes, and its own processors."""

    section: Section
    matches: Matches
    processors: Sequence[Filter] = ()

    def select(self, tag: str, events: Sequence[Event], now: float) -> Sequence[Event]:
        for processor in self.processors:
            events = processor.run(tag, events, _nowhere, now)
        return events


@dataclass(slots=True)
class Pipeline:
    """`run` returns batches for chunks, by tag. `now`: Unix seconds."""

    steps: Sequence[Step]
    routes: Sequence[Route]
    parsers: Mapping[str, Parse]
    multiline_parsers: Mapping[str, MultilineParser]
    input_processors: Mapping[int, Sequence[Filter]] = field(default_factory=dict)

    def run(
        self, tag: str, events: Sequence[Event], now: float, source: int | None = None
    ) -> list[Batch]:
        """`source`: the number of the input. Its processors run first."""
        for processor in self.input_processors.get(-1 if source is None else source, ()):
            events = processor.run(tag, events, _nowhere, now)
        done: list[Batch] = []
        self._pass(tag, events, now, done, None, 0)
        return done

    def _pass(
        self,
        tag: str,
        events: Sequence[Event],
        now: float,
        done: list[Batch],
        skip: Step | None,
        depth: int,
    ) -> None:
        """`skip`: the filter that has emitted the events. It does not get them again."""
        if depth > _DEPTH:
            raise RouterError(
                f"records of the tag {tag} are emitted without end",
                remedy="narrow the match of the rewrite_tag filter",
            )
        for step in self.steps:
            if not events:
                return
            if step is not skip and step.matches(tag):
                emit = partial(self._emit, now, done, step, depth)
                events = step.filter.run(tag, events, emit, now)
        if events:
            done.append((tag, list(events)))

    def _emit(
        self,
        now: float,
        done: list[Batch],
        step: Step,
        depth: int,
        tag: str,
        events: Sequence[Event],
    ) -> None:
        self._pass(tag, events, now, done, step, depth + 1)

    def flush(self, now: float, *, everything: bool = False) -> list[Batch]:
        """The events that filters have held, and that are due."""
        done: list[Batch] = []
        for step in self.steps:
            emit = partial(self._emit, now, done, step, 0)
            step.filter.flush(emit, now, everything=everything)
        return done

    def deadline(self) -> float | None:
        due = [step.filter.deadline() for step in self.steps]
        return min((each for each in due if each is not None), default=None)


def make_pipeline(configuration: Configuration) -> Pipeline:
    """RouterError for a wrong section."""
    parsers = make_parsers(configuration.parsers)
    multiline = make_multiline_parsers(configuration.multiline_parsers, parsers)

    def make(section: Section) -> Filter:
        return _make(section, parsers, multiline)

    return Pipeline(
        [Step(make(section), matcher(section)) for section in configuration.filters],
        [
            Route(section, matcher(section), [make(each) for each in section.processors])
            for section in configuration.outputs
        ],
        parsers,
        multiline,
        {
            number: [make(each) for each in section.processors]
            for number, section in enumerate(configuration.inputs)
            if section.processors
        },
    )


_PLAIN: Mapping[str, Callable[[Section], Filter]] = {
    "grep": make_grep,
    "modify": make_modify,
    "record_modifier": of_records.make_record_modifier,
    "nest": of_records.make_nest,
    "stdout": of_records.make_stdout_filter,
    "content_modifier": of_records.make_content_modifier,
    "rewrite_tag": emitting.RewriteTag.make,
    "throttle": emitting.Throttle.make,
}


def _make(
    section: Section, parsers: Mapping[str, Parse], multiline: Mapping[str, MultilineParser]
) -> Filter:
    name = section.name.lower()
    if section.kind == "processor" and name in ("rewrite_tag", "multiline"):
        raise RouterError(
            f"{section.place}: {name} is not known as a processor", remedy="make it a filter"
        )
    if name == "parser":
        return of_records.make_parser_filter(section, parsers)
    if name == "multiline":
        return emitting.make_multiline(section, multiline)
    return _PLAIN[name](section)


def _nowhere(_tag: str, _events: Sequence[Event]) -> None:
    """A processor emits nothing."""
