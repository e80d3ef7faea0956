"""The ports on which a container's process really listens."""

from __future__ import annotations

import psutil

# Seconds from its start, and then between two looks.
LOOKS = (4.0, 4.0, 8.0, 16.0, 32.0)


def listened_ports(pid: int) -> set[int]:
    """The TCP ports that the process, or one that it has started, listens on."""
    try:
        process = psutil.Process(pid)
        family = [process, *process.children(recursive=True)]
    except psutil.Error:
        return set()
    return {port for one in family for port in _of(one)}


def _of(process: psutil.Process) -> set[int]:
    try:
        found = process.net_connections(kind="tcp")
    except psutil.Error:
        return set()
    return {one.laddr.port for one in found if one.status == psutil.CONN_LISTEN}
