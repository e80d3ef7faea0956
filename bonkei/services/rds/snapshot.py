"""The value of `Database.snapshot`: a server's state, its use of CPU and memory, and its
differences from the declared cluster."""

from __future__ import annotations

import time
from dataclasses import dataclass

import psutil

from bonkei.base.processes import family
from bonkei.blueprint.rds import DatabaseCluster


@dataclass(frozen=True, slots=True)
class DatabaseSnapshot:
    """`status` in RDS's words: creating | available | stopping | stopped | failed. `server`
    describes the server. CPU in percent of one CPU, memory in bytes; 0 for a server elsewhere.
    `notes`: differences from the definitions. `earliest`: the first second to which it can be
    restored; None before the first backup."""

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
    earliest: int | None = None


def differences(cluster: DatabaseCluster, version: int, *, elsewhere: str = "") -> tuple[str, ...]:
    """Each difference from the declared cluster in a sentence. `version` is server_version_num.
    `elsewhere`: the address of a user's own server."""
    notes: list[str] = []
    if _is_another_major(cluster, version):
        notes.append(
            f"the cluster is PostgreSQL {cluster.engine_version}; one server stands for all"
            " versions, and an upgrade changes nothing in it"
        )
    if not elsewhere:
        notes.append("text is sorted by code point (C.UTF-8); Aurora sorts it by en_US.UTF-8")
    else:
        notes.append(
            f"the server at {elsewhere} (BONKEI_DATABASE_URL) is used; the cluster's parameters "
            "are not applied"
        )
        if cluster.takes_tokens:
            notes.append("it takes no tokens of IAM: programs need passwords")
    if len(cluster.instances) > 1:
        notes.append(
            f"its {len(cluster.instances)} instances are one server here; readers can write"
        )
    return tuple(notes)


def described(cluster: DatabaseCluster, version: int, *, elsewhere: str = "") -> str:
    """The server, and the declared version where that is another major one."""
    major, minor = divmod(version, 10000)
    declared = f", declared {cluster.engine_version}" if _is_another_major(cluster, version) else ""
    return f"PostgreSQL {major}.{minor}{declared}{f' at {elsewhere}' if elsewhere else ''}"


def _is_another_major(cluster: DatabaseCluster, version: int) -> bool:
    declared = cluster.engine_version.partition(".")[0]
    return declared.isdecimal() and int(declared) != version // 10000


_FRESH = 1.0  # seconds for which a sample stays valid


@dataclass(frozen=True, slots=True)
class Usage:
    """`cpu_percent` of one CPU since the previous sample. `memory` in bytes; shared pages count
    once."""

    cpu_percent: float = 0.0
    memory: int = 0


class UsageMeter:
    """Measures the postmaster's process and its backends when asked, at most once a second."""

    def __init__(self) -> None:
        self._usage = Usage()
        self._time = 0.0
        self._seconds = 0.0

    def read(self, pid: int | None) -> Usage:
        """Zero if there is no process."""
        if pid is None:
            return Usage()
        now = time.monotonic()
        if now - self._time >= _FRESH:
            seconds, memory = _measure(pid)
            percent = 100.0 * (seconds - self._seconds) / (now - self._time) if self._time else 0.0
            self._usage = Usage(round(max(0.0, percent), 1), memory)
            self._time, self._seconds = now, seconds
        return self._usage


def _measure(pid: int) -> tuple[float, int]:
    seconds, memory = 0.0, 0
    for process in family(pid):
        try:
            with process.oneshot():
                times, sizes = process.cpu_times(), process.memory_info()
        except psutil.Error:
            continue
        seconds += times.user + times.system
        # Linux reports shared pages separately; count them once, for the postmaster.
        shared = getattr(sizes, "shared", 0) if process.pid != pid else 0
        memory += max(0, sizes.rss - shared)
    return seconds, memory
