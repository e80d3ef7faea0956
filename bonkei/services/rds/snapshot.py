"""The value of `Database.snapshot`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DatabaseSnapshot:
    """`status` in RDS's words: creating | available | stopping | stopped | failed. `server`
    describes the server. CPU in percent of one CPU, memory in bytes; 0 for a server elsewhere.
    `notes`: differences from the definitions."""

    identifier: str
    status: str
    endpoint: str  # host:port
    database: str
    server: str
    pid: int | None
    data: str
    log: str
    cpu_percent: float
    memory: int
    notes: tuple[str, ...]
