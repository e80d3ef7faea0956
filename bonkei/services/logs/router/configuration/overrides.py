"""Adapts a configuration to this machine: endpoints, the socket, folders, ports.

The shipped file is never edited: the result is written beside the task's other files, and both the
reader and the real Fluent Bit run it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from bonkei.services.logs.router.configuration.generated import SOCKET
from bonkei.services.logs.router.configuration.model import Configuration, Property, Section

_OF_AWS = frozenset({"s3", "cloudwatch_logs", "cloudwatch"})
_DIRECTORIES = {
    ("service", ""): ("storage.path", "log_file"),
    ("output", "s3"): ("store_dir",),
}
_DEFAULT_STORE = "/tmp/fluent-bit/s3"  # noqa: S108 - Fluent Bit's, which each task has for itself


@dataclass(frozen=True, slots=True)
class Overrides:
    """`volumes` replaces the root of the container's writable places; `ports`: a configured port ->
    the port here. `endpoint`: the URL of the AWS endpoint; empty for AWS itself. `authority`: the
    certificate file of the endpoint's authority, for the real Fluent Bit: its cloudwatch_logs
    speaks TLS only."""

    volumes: Path
    socket: Path
    endpoint: str = ""
    ports: Mapping[int, int] | None = None
    authority: Path | None = None


def override(configuration: Configuration, overrides: Overrides) -> Configuration:
    """The same router on this machine."""
    return replace(
        configuration,
        service=_service(configuration.service, overrides),
        inputs=tuple(_input(each, overrides) for each in configuration.inputs),
        outputs=tuple(_output(each, overrides) for each in configuration.outputs),
    )


def _service(section: Section, overrides: Overrides) -> Section:
    return _port(_moved(section, overrides), "http_port", overrides)


def _input(section: Section, overrides: Overrides) -> Section:
    if section.text("unix_path") == SOCKET:
        section = _with(section, "unix_path", str(overrides.socket))
    return _port(_moved(section, overrides), "port", overrides)


def _output(section: Section, overrides: Overrides) -> Section:
    name = section.name.lower()
    if name == "s3" and not section.text("store_dir"):
        section = _with(section, "store_dir", _DEFAULT_STORE)
    section = _moved(section, overrides)
    if name.startswith("cloudwatch") and overrides.endpoint and overrides.authority:
        parts = urlsplit(overrides.endpoint)
        section = _with(section, "endpoint", parts.hostname or "")
        section = _with(section, "port", str(parts.port or 443))
        return _with(section, "tls.ca_file", str(overrides.authority))
    if name in _OF_AWS and overrides.endpoint and not section.text("endpoint"):
        section = _with(section, "endpoint", overrides.endpoint)
    return section


def _moved(section: Section, overrides: Overrides) -> Section:
    plugin = "" if section.kind == "service" else section.name.lower()
    for name in _DIRECTORIES.get((section.kind, plugin), ()):
        path = section.text(name)
        if path.startswith("/"):
            section = _with(section, name, str(overrides.volumes / path.lstrip("/")))
    return section


def _port(section: Section, name: str, overrides: Overrides) -> Section:
    found = section.find(name)
    ports = overrides.ports or {}
    if found is not None and found.value.isdecimal() and int(found.value) in ports:
        return _with(section, name, str(ports[int(found.value)]))
    return section


def _with(section: Section, name: str, value: str) -> Section:
    others = tuple(each for each in section.properties if each.name != name)
    at = found.place if (found := section.find(name)) else section.place
    return replace(section, properties=(*others, Property(name, value, at)))
