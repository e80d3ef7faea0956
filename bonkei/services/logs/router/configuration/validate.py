"""Checks that the reader knows every directive. An unknown one is an error with its line: without
it, the router here would not be the deployed one."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

from bonkei.services.logs.router.configuration import known
from bonkei.services.logs.router.configuration.model import Configuration, Section
from bonkei.services.logs.router.errors import RouterError


def validate(configuration: Configuration) -> None:
    """RouterError that lists everything unknown, one a line."""
    problems = [text for section in configuration.sections() for text in _problems(section)]
    problems += _names_twice(configuration)
    if not configuration.outputs and not configuration.inputs:
        problems.append(f"{configuration.file}: it has neither an input nor an output")
    if problems:
        raise RouterError(
            "\n".join(problems),
            remedy="install fluent-bit: it runs in place of Bonkei's reader where it is on the "
            "PATH, or bonkei.toml names it ([log_routers] fluent_bit). docs/log-routers.md lists "
            "what the reader knows",
        )


def _problems(section: Section) -> Iterator[str]:
    plugins = known.PLUGINS.get(section.kind)
    if plugins is None:
        names = known.WITHOUT_PLUGIN.get(section.kind)
        if names is None:
            yield f"{section.place}: [{section.kind.upper()}] is not known"
            return
        if section.kind != "service" and not section.name:
            yield f"{section.place}: a {section.kind} without a name"
    else:
        names = plugins.get(section.name.lower())
        if names is None:
            at = found.place if (found := section.find("name")) else section.place
            yield f"{at}: {section.kind} {section.name or '(without a name)'} is not known"
            return
    yield from _unknown(section, names)
    yield from _missing(section)
    for processor in section.processors:
        if section.kind != "output":
            yield f"{processor.place}: processors of an {section.kind} are not known"
        yield from _problems(processor)


def _unknown(section: Section, names: frozenset[str]) -> Iterator[str]:
    what = f"{section.kind} {section.name}".strip()
    for each in section.properties:
        if each.name not in names:
            close = get_close_matches(each.name, names, 1)
            hint = f" (did you mean {close[0]}?)" if close else ""
            yield f"{each.place}: {each.name} of {what} is not known{hint}"


def _missing(section: Section) -> Iterator[str]:
    for name in known.REQUIRED.get((section.kind, section.name.lower()), ()):
        if not section.text(name):
            yield f"{section.place}: {section.kind} {section.name} has no {name}"


def _names_twice(configuration: Configuration) -> Iterator[str]:
    seen: dict[str, Section] = {}
    for parser in configuration.parsers:
        if parser.name in seen:
            yield f"{parser.place}: parser {parser.name} is defined at {seen[parser.name].place}"
        seen[parser.name] = parser
