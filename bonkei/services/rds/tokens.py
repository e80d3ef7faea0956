"""Sign-in with a token of IAM, in front of a server without it.

The server is behind a Unix socket. It asks members of `rds_iam` for nothing there (`ACCESS`), so
the relay asks them for the token, in clear text as RDS does, and decides. All other users sign in
to the server itself. Source: "Message Formats" (Frontend/Backend Protocol, PostgreSQL).
"""

from __future__ import annotations

import asyncio
import os
import struct
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeAlias

from bonkei.base.sockets import make_socket_directory, note_directory, remove_left
from bonkei.services.rds.place import Place
from bonkei.services.rds.relay import Open, Streams

CheckToken: TypeAlias = Callable[[str, str], str]
"""From a user and a token to why RDS refuses it; empty if it does not."""

_ENCRYPTIONS = frozenset({80877103, 80877104})  # SSLRequest, GSSENCRequest
_STARTUP = 3  # the major version
_LONGEST_STARTUP, _LONGEST_TOKEN = 10_000, 65_535  # PostgreSQL's own
_AUTHENTICATION_OK = b"R" + struct.pack("!II", 8, 0)
_ASK_PASSWORD = b"R" + struct.pack("!II", 8, 3)
_FAILED = 'PAM authentication failed for user "{}"'
_SECONDS = 60.0  # PostgreSQL's authentication_timeout


def socket_directory(home: Path, place: Place) -> Path:
    """A directory for the server's socket, which its user and this one can enter. What a killed
    process has left behind is removed."""
    note = home / "database" / "sockets"
    remove_left(note)
    directory = make_socket_directory()
    note_directory(directory, note)
    place.give(directory)
    return directory


def token_sign_in(socket: Path, check: CheckToken, log: Path) -> Open:
    """How to reach the server behind its socket, for a client that may have to show a token.
    Refusals are in the server's log."""

    async def sign_in(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Streams | None:
        far = None
        may = False
        try:
            async with asyncio.timeout(_SECONDS):
                code, startup = await _startup(reader, writer)
                far = await asyncio.open_unix_connection(socket)
                far[1].write(startup)
                # A request to cancel a statement has no answer, and needs no token.
                refusal = ""
                if code >> 16 == _STARTUP:
                    refusal = await _refusal(far[0], reader, writer, startup, check)
                if refusal:
                    _report(log, writer, startup, refusal)
                may = not refusal
            return far if may else None
        finally:
            if far is not None and not may:
                far[1].close()

    return sign_in


async def _refusal(
    server: asyncio.StreamReader,
    client: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    startup: bytes,
    check: CheckToken,
) -> str:
    """Pass on the server's answer to the startup. If it lets the user in, the token decides."""
    while (answer := await _message(server))[:1] == b"v":  # another version is negotiated
        writer.write(answer)
    refusal = ""
    if answer == _AUTHENTICATION_OK:
        user = _names(startup)[0]
        writer.write(_ASK_PASSWORD)
        refusal = check(user, await _password(client))
        answer = _error(_FAILED.format(user), refusal) if refusal else answer
    writer.write(answer)
    await writer.drain()
    return refusal


def _report(log: Path, client: asyncio.StreamWriter, startup: bytes, why: str) -> None:
    """As RDS's own refusal, which alarms on this log count."""
    user, database = _names(startup)
    host, port, *_ = client.get_extra_info("peername")
    now = f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC"
    begin = f"{now}:{host}({port}):{user}@{database}:[{os.getpid()}]:"
    with suppress(OSError), log.open("a", encoding="utf-8") as file:
        file.write(f"{begin}FATAL:  {_FAILED.format(user)}\n{begin}DETAIL:  {why}\n")


async def _startup(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> tuple[int, bytes]:
    """The first message and its code. There is no encryption, which clients are told."""
    while True:
        head = await reader.readexactly(8)
        length, code = struct.unpack("!II", head)
        if not 8 <= length <= _LONGEST_STARTUP:
            raise ValueError("this is not the protocol of PostgreSQL")
        body = await reader.readexactly(length - 8)
        if code not in _ENCRYPTIONS:
            return code, head + body
        writer.write(b"N")


async def _message(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readexactly(5)
    length = int.from_bytes(head[1:], "big")
    if not 4 <= length <= _LONGEST_TOKEN:
        raise ValueError("this is not the protocol of PostgreSQL")
    return head + await reader.readexactly(length - 4)


async def _password(reader: asyncio.StreamReader) -> str:
    message = await _message(reader)
    if message[:1] != b"p":
        raise ValueError("the client sends no password")
    return message[5:].rstrip(b"\0").decode(errors="replace")


def _names(startup: bytes) -> tuple[str, str]:
    """The user and the database, which is by default the user's own."""
    words = startup[8:].decode(errors="replace").split("\0")
    pairs = dict(zip(words[::2], words[1::2], strict=False))
    user = pairs.get("user", "")
    return user, pairs.get("database", user)


def _error(message: str, detail: str) -> bytes:
    fields = {"S": "FATAL", "V": "FATAL", "C": "28000", "M": message, "D": detail}
    body = b"".join(f"{name}{text}\0".encode() for name, text in fields.items()) + b"\0"
    return b"E" + struct.pack("!I", len(body) + 4) + body
