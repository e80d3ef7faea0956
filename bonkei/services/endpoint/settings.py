"""The endpoint's settings on this machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bonkei.config import Enforce

HOST = "127.0.0.1"
CONNECTIONS = 1_024


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of one client, so that others are served.

    `connections` at once; `idle` seconds between two calls of one, and until its first head is
    whole; `silence` seconds without a byte of a body; `unread` seconds for a client that takes
    nothing of its answer; `stall` seconds of next to nothing, after which it loses its connection
    to another client; `head` bytes before a body; `held` bytes of bodies in memory together.
    """

    connections: int = CONNECTIONS
    idle: float = 60.0
    silence: float = 20.0
    unread: float = 60.0
    stall: float = 5.0
    head: int = 64 * 1024
    held: int = 96 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class CloudSettings:
    """`directory`: the service's own below the home; `port` 0: any that is free. `definitions`: the
    root module, with the files of declared objects. `enforce`: whether a call that IAM would deny
    is denied (on), only recorded (report), or not checked (off). `open_files`: how many the process
    may have. The endpoint's connections stay below a quarter of them. `policies`: documents of
    policies that are not in the definitions, by ARN. `rest_after`: seconds without a call after
    which MiniStack rests. `check_after`: seconds after a start or an apply without changes
    until what was declared is checked, unless `Cloud.check` comes first."""

    directory: Path
    account: str
    port: int = 8083
    definitions: Path = Path()
    enforce: Enforce = "on"
    open_files: int = 65535
    policies: Mapping[str, Path] = field(default_factory=dict)
    rest_after: float = 30.0
    check_after: float = 10.0

    @property
    def limits(self) -> Limits:
        """Each connection may need another one to MiniStack."""
        return Limits(connections=min(CONNECTIONS, max(self.open_files // 4, 8)))
