"""Checks that the reader knows every directive: `PLUGINS` has them. An unknown one is an error with
its line: without it, the router here would not be the deployed one."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

from bonkei.services.logs.router.configuration.model import Configuration, Section
from bonkei.services.logs.router.errors import RouterError


def validate(configuration: Configuration) -> None:
    """RouterError that lists everything unknown, one a line."""
    problems = [text for section in configuration.sections() for text in _problems(section)]
    problems += _names_twice(configuration)
    if problems:
        raise RouterError(
            "\n".join(problems),
            remedy="install fluent-bit: it runs in place of Bonkei's reader where it is on the "
            "PATH, or bonkei.toml names it ([log_routers] fluent_bit). docs/log-routers.md lists "
            "what the reader knows",
        )


def _problems(section: Section) -> Iterator[str]:
    plugins = PLUGINS.get(section.kind)
    if plugins is None:
        names = _WITHOUT_PLUGIN.get(section.kind)
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
    what = f"{section.kind} {section.name}".strip()
    plugin = section.kind, section.name.lower()
    for name in _REQUIRED.get(plugin, ()):
        if not section.text(name):
            yield f"{section.place}: {what} has no {name}"
    for name, value in _FIXED.get(plugin, {}).items():
        found = section.find(name)
        if found is None or found.value.lower() != value:
            at = section.place if found is None else found.place
            yield f"{at}: {what} is known with {name} {value} alone"


def _names_twice(configuration: Configuration) -> Iterator[str]:
    seen: dict[str, Section] = {}
    for parser in configuration.parsers:
        if parser.name in seen:
            yield f"{parser.place}: parser {parser.name} is defined at {seen[parser.name].place}"
        seen[parser.name] = parser


# Every directive that the reader knows, by the kind of section and its plugin: those of the shipped
# configuration. `_FIXED` has those whose value cannot be another one. All else runs in the real
# Fluent Bit. Names as in the tables of docs.fluentbit.io/manual (5.0).


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_GREP = _names("name match regex exclude")
_OUTPUT = _names("name match region endpoint retry_limit storage.total_limit_size")

PLUGINS = {
    "input": {"forward": _names("name unix_path storage.type")},
    "filter": {
        "multiline": _names("name match multiline.key_content mode emitter_storage.type"),
        "parser": _names("name match key_name parser reserve_data"),
        "grep": _GREP,
        "modify": _names("name match condition add"),
    },
    "processor": {"grep": _GREP},
    "output": {
        "cloudwatch_logs": _OUTPUT | _names("log_group_name log_stream_name auto_create_group"),
        "s3": _OUTPUT
        | _names(
            """bucket s3_key_format store_dir store_dir_limit_size use_put_object total_file_size
            upload_timeout compression preserve_data_ordering"""
        ),
    },
}
_WITHOUT_PLUGIN = {
    "service": _names(
        """flush grace log_level parsers_file http_server http_listen http_port storage.path
        storage.max_chunks_up scheduler.base scheduler.cap"""
    ),
    "parser": _names("name format time_key time_format time_keep"),
}
_REQUIRED = {
    ("service", ""): ("storage.path",),
    ("input", "forward"): ("unix_path",),
    ("filter", "parser"): ("key_name", "parser"),
    ("output", "cloudwatch_logs"): ("region", "log_group_name", "log_stream_name"),
    ("output", "s3"): ("region", "bucket", "s3_key_format", "store_dir"),
}
_FIXED = {
    ("input", "forward"): {"storage.type": "filesystem"},
    ("filter", "multiline"): {"mode": "partial_message"},
    ("output", "cloudwatch_logs"): {"auto_create_group": "off"},
    ("output", "s3"): {
        "use_put_object": "on",
        "compression": "gzip",
        "preserve_data_ordering": "off",
    },
}
