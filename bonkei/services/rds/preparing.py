"""Prepares the miniature's own server from a process of its own.

psycopg and its libraries take 10 MiB and a tenth of a second of a processor. The miniature needs
them for a moment only. The process loads them while the server starts.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass

from bonkei.services.rds.connection import Connection, Wanted, forget_user_settings

_RUN = (sys.executable, "-P", "-m", "bonkei.services.rds")


@dataclass(frozen=True, slots=True)
class Prepared:
    """`version`: server_version_num. `pending`: parameters whose new value needs a restart.
    `refused`: why the server refuses; empty if it does not."""

    version: int = 0
    pending: tuple[str, ...] = ()
    refused: str = ""


Preparing = Callable[[Connection, Wanted], Awaitable[Prepared]]


@asynccontextmanager
async def preparing() -> AsyncIterator[Preparing]:
    """Begin a process that prepares one server, once."""
    forget_user_settings(os.environ)  # for later connections of this process, too
    pipe = asyncio.subprocess.PIPE
    # In a session of its own: Ctrl-C is for the miniature, which then ends it.
    process = await asyncio.create_subprocess_exec(
        *_RUN, stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=True
    )

    async def prepare(admin: Connection, wanted: Wanted) -> Prepared:
        # Passwords are neither in its arguments nor in its environment.
        given = json.dumps([asdict(admin), asdict(wanted)]).encode()
        output, errors = await process.communicate(given)
        if process.returncode:
            lines = errors.decode(errors="replace").strip().splitlines()
            return Prepared(refused=lines[-1] if lines else f"exit code {process.returncode}")
        found = json.loads(output)
        return Prepared(found["version"], tuple(found["pending"]), found["refused"])

    try:
        yield prepare
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
