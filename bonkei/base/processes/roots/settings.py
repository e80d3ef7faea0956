"""How a container of a built image is started, as the image says it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RootSettings:
    """`entry_point` and `command` are None when the image has none."""

    entry_point: tuple[str, ...] | None = None
    command: tuple[str, ...] | None = None
    environment: tuple[tuple[str, str], ...] = ()
    working_directory: str = "/"
    user: str = ""
    exposed_ports: tuple[int, ...] = ()
    stop_signal: str = "SIGTERM"
