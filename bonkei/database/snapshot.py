"""What `Database.snapshot` tells."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DatabaseSnapshot:
    """`status` as RDS has it: creating | available | stopping | stopped | failed. `server` says
    what runs. CPU in percent of one CPU, memory in bytes; 0 for a server elsewhere. `notes`: what
    is not as the definitions say."""

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
