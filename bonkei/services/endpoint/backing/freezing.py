"""Whether MiniStack is frozen: stopped, or idle despite a call. A busy MiniStack is not frozen."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import psutil

from bonkei.services.endpoint.backing.channel import Connect

_LOOKS = 15
"""How often it is asked for an answer within its time. If this process was stopped itself, as on a
busy machine, only one of them is in vain."""
_REQUEST = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


async def is_frozen(pid: int, connect: Connect, seconds: float) -> bool:
    """Send a request and wait `seconds` for the answer. If the process uses the processor or the
    disk meanwhile, it is only slow."""
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_STOPPED:
            return True
        before = process.cpu_times()
        if await _answers(connect, seconds):
            return False
        after, status = process.cpu_times(), process.status()
    except psutil.Error:
        return False  # it has ended; it is restarted elsewhere
    if status == psutil.STATUS_STOPPED:
        return True
    idle = (after.user, after.system) == (before.user, before.system)
    return idle and status == psutil.STATUS_SLEEPING


async def _answers(connect: Connect, seconds: float) -> bool:
    asking = asyncio.create_task(_ask(connect))
    try:
        for _ in range(_LOOKS):
            done, _ = await asyncio.wait({asking}, timeout=seconds / _LOOKS)
            if done:
                return asking.result()
    finally:
        asking.cancel()
    return False


async def _ask(connect: Connect) -> bool:
    with suppress(OSError):
        reader, writer = await connect()
        try:
            writer.write(_REQUEST)
            return bool(await reader.read(1))
        finally:
            writer.close()
    return False
