"""A FireLens container's Fluent Bit configuration.

The container's definition names the file: the path of `firelensConfiguration`, or Fluent Bit's
`-c`. The Dockerfile shows which file of the directory is at that path.

"Using the custom configuration file option", and "Configuration file" of Fluent Bit:
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/firelens-taskdef.html
https://docs.fluentbit.io/manual/administration/configuring-fluent-bit
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from bonkei.base.errors import BonkeiError
from bonkei.base.folders import matching
from bonkei.blueprint.ecs import Container
from bonkei.grammar.dockerfile.image import Image, substitute

_SECTION = re.compile(r"^\s*\[(\w+)\]")
_SETTING = re.compile(r"^\s*([\w.]+)\s+(\S.*?)\s*$")
_INCLUDE = re.compile(r"(?i)^\s*@include\s+(\S.*?)\s*$")
_FLUSH = "storage.backlog.flush_on_shutdown"
# Images with an init process add further files, named by such variables:
# https://github.com/aws/aws-for-fluent-bit/blob/mainline/use_cases/init-process-for-fluent-bit/README.md
_INIT_FILE = re.compile(r"^aws_fluent_bit_init_file_\w+$")


class ProgramError(BonkeiError):
    """A container's directory cannot be read."""


@dataclass(frozen=True, slots=True)
class Output:
    """An output of Fluent Bit. `only` has pairs of a record's key and the regular expression that
    its value must match (processor `grep`)."""

    name: str
    settings: tuple[tuple[str, str], ...] = ()
    only: tuple[tuple[str, str], ...] = ()

    def setting(self, name: str) -> str:
        """One value, with unsubstituted variables; empty if it is not set."""
        return dict(self.settings).get(name, "")


@dataclass(frozen=True, slots=True)
class LogRouter:
    """A Fluent Bit configuration with its outputs. `grace` is the number of seconds for flushing
    after SIGTERM, or None if it is not set; `grace_known` is False if an unknown variable sets it.
    `flushes_backlog` means that `storage.backlog.flush_on_shutdown` is on."""

    file: Path
    grace: float | None
    outputs: tuple[Output, ...] = ()
    grace_known: bool = True
    flushes_backlog: bool = False


def read_router(
    directory: Path, image: Image | None, containers: Sequence[Container]
) -> LogRouter | None:
    """Read the configuration of these containers. The result is None if it is not in the directory.

    Raises ProgramError for a configuration that cannot be read.
    """
    files: list[Path] = []
    for container in containers:
        for path in _configurations(container, image):
            files += [file for file in _sources(directory, image, path) if file not in files]
    if not files:
        return None
    sections = [(file, *section) for file in files for section in _sections(file, directory, image)]
    outputs = tuple(
        Output(_text(settings["name"]), _texts(settings), tuple(_only(settings)))
        for _, name, settings in sections
        if name == "output" and "name" in settings
    )
    variables = {
        **dict(image.environment if image else ()),
        **{name: value for c in containers for name, value in c.environment},
    }
    services = [(file, settings) for file, name, settings in sections if name == "service"]
    flushes = any(_is_on(each.get(_FLUSH)) for _, each in services)
    for file, settings in services:
        if "grace" in settings:
            grace = substitute(_text(settings["grace"]), variables, keep_unknown=True)
            seconds, known = _seconds(file, grace), "$" not in grace
            return LogRouter(file, seconds, outputs, grace_known=known, flushes_backlog=flushes)
    return LogRouter(files[0], None, outputs, flushes_backlog=flushes)


def _is_on(value: Any) -> bool:
    return value is True or str(value).lower() in ("on", "true", "yes")


# ------------------------------------------------------------------------------------------------
# Files
# ------------------------------------------------------------------------------------------------


def _configurations(container: Container, image: Image | None) -> Iterator[str]:
    """Paths of the configuration in the image."""
    options = dict(container.firelens.options if container.firelens else ())
    if options.get("config-file-type") == "file" and "config-file-value" in options:
        yield options["config-file-value"]
    entry_point, command = container.entry_point, container.command
    if entry_point is None and image is not None:
        entry_point = image.entry_point
        command = command or image.command
    words = [word for part in (*(entry_point or ()), *(command or ())) for word in part.split()]
    for index, word in enumerate(words):
        if word in ("-c", "--config"):
            yield from words[index + 1 : index + 2]
        elif word.startswith("--config="):
            yield word.partition("=")[2]
    for name, value in (*(image.environment if image else ()), *container.environment):
        if _INIT_FILE.match(name):
            yield value


def _sources(directory: Path, image: Image | None, path: str) -> Iterator[Path]:
    """The files of the directory that the Dockerfile copies to a path of the image; without a
    Dockerfile the file of that name."""
    if image is None:
        yield from _within(directory, PurePosixPath(path).name)
        return
    wanted = PurePosixPath(path)
    for source, destination in reversed(image.copies):
        for file in _within(directory, source):
            place = PurePosixPath(destination)
            if file.is_dir():
                if wanted.is_relative_to(place):
                    yield from _within(file, str(wanted.relative_to(place)))
            elif wanted == (place / file.name if destination.endswith("/") else place):
                yield file


def _within(directory: Path, pattern: str) -> Iterator[Path]:
    """The files that match a name or pattern, only inside the directory."""
    pattern = pattern.lstrip("/")
    if any(character in pattern for character in "*?["):
        found = matching(directory, pattern)
    else:
        found = [directory / pattern] if pattern else []
    root = directory.resolve()
    for file in found:
        if file.exists() and file.resolve().is_relative_to(root):
            yield file


# ------------------------------------------------------------------------------------------------
# Content
# ------------------------------------------------------------------------------------------------

Section = tuple[str, dict[str, Any]]


def _sections(
    file: Path, directory: Path, image: Image | None, seen: frozenset[Path] = frozenset()
) -> Iterator[Section]:
    """(name, settings) of each section in a file and its includes."""
    if file in seen or not file.is_file():
        return
    try:
        text = file.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise ProgramError(f"{file}: {error.strerror}") from error
    is_yaml = file.suffix in (".yaml", ".yml")
    document = _document(file, text) if is_yaml else {}
    yield from _yaml(document) if is_yaml else _classic(text)
    included = document.get("includes") if is_yaml else _includes(text)
    for path in included if isinstance(included, list) else ():
        for found in (*_within(file.parent, str(path)), *_sources(directory, image, str(path))):
            yield from _sections(found, directory, image, seen | {file})


def _classic(text: str) -> Iterator[Section]:
    """ "Format and schema" of Fluent Bit's classic mode: [SECTION] and `Key Value` lines."""
    section, settings = "", dict[str, Any]()
    for line in text.splitlines():
        if match := _SECTION.match(line):
            yield section, settings
            section, settings = match[1].lower(), {}
        elif (match := _SETTING.match(line)) and not line.lstrip().startswith(("#", "@")):
            settings[match[1].lower()] = match[2]
    yield section, settings


def _includes(text: str) -> list[str]:
    return [match[1] for line in text.splitlines() if (match := _INCLUDE.match(line))]


def _document(file: Path, text: str) -> Mapping[str, Any]:
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ProgramError(
            f"{file}, a log router's configuration: {error}", remedy="correct the YAML"
        ) from error
    return document if isinstance(document, Mapping) else {}


def _yaml(document: Mapping[str, Any]) -> Iterator[Section]:
    yield from _section("service", document.get("service"))
    pipeline = document.get("pipeline")
    outputs = pipeline.get("outputs") if isinstance(pipeline, Mapping) else None
    for output in outputs if isinstance(outputs, list) else ():
        yield from _section("output", output)


def _section(name: str, value: Any) -> Iterator[Section]:
    if isinstance(value, Mapping):
        yield name, {str(key).lower(): item for key, item in value.items()}


def _only(settings: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Return the `regex: KEY REGEX` pairs of the processor `grep`."""
    processors = settings.get("processors")
    logs = processors.get("logs") if isinstance(processors, Mapping) else None
    for processor in logs if isinstance(logs, list) else ():
        if isinstance(processor, Mapping) and processor.get("name") == "grep":
            rules = processor.get("regex", [])
            for rule in rules if isinstance(rules, list) else [rules]:
                key, _, regex = str(rule).partition(" ")
                yield key, regex.strip()


def _texts(settings: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    return tuple((k, _text(v)) for k, v in settings.items() if not isinstance(v, list | Mapping))


def _text(value: Any) -> str:
    """A setting as text. YAML reads `off` as a boolean."""
    return ("on" if value else "off") if isinstance(value, bool) else str(value)


def _seconds(file: Path, value: str) -> float | None:
    if "$" in value:
        return None
    try:
        return float(value)
    except ValueError as error:
        raise ProgramError(
            f"{file}: grace is {value!r}", remedy="write a number of seconds"
        ) from error
