"""The endpoint's certificate, for clients that insist on TLS. It is created at the first start.

The home's authority signs one certificate, and its key is deleted at once. So a client that trusts
the authority (`ca.pem`) trusts only this endpoint. Both are renewed a month before they expire.
"""

from __future__ import annotations

import errno
import json
import os
import ssl
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

from bonkei.base import kept

DAYS = 397
"""Clients on macOS accept no longer validity."""
_EARLIER = 30


def ca_file(directory: Path) -> Path:
    """The file that clients must trust."""
    return directory / "ca.pem"


def load_tls(directory: Path, now: float | None = None) -> ssl.SSLContext:
    """The server's TLS context. A missing or expiring certificate is created. Raises OSError if it
    cannot be written."""
    now = time.time() if now is None else now
    context = _load(directory, now)
    if context is None:
        _write(directory, now)
        context = _load(directory, now)
    assert context is not None  # noqa: S101 - it has just been made
    return context


def _load(directory: Path, now: float) -> ssl.SSLContext | None:
    """None if there is no certificate, if it is damaged, or if it expires soon. The file's time
    decides, because reading a certificate's own time needs a library that is slow to load."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    with suppress(OSError, ssl.SSLError):
        made = ca_file(directory).stat().st_mtime
        # Its validity begins a day before it is made: the clock may be set back.
        if made - 86_400 <= now < made + (DAYS - _EARLIER) * 86_400:
            context.load_cert_chain(directory / "certificate.pem", directory / "key.pem")
            return context
    return None


def _make(now: float) -> dict[str, str]:
    """By a process of its own: the library takes 10 MiB, and this process needs it once a year."""
    command = (sys.executable, "-P", "-m", "bonkei.services.endpoint.port.certificate_making")
    done = subprocess.run(
        [*command, str(now), str(DAYS)],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        said = done.stderr.strip().splitlines()
        raise OSError(errno.EIO, said[-1] if said else f"exit code {done.returncode}")
    made: dict[str, str] = json.loads(done.stdout)
    return made


def _write(directory: Path, now: float) -> None:
    made = _make(now)
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    contents = {
        directory / "key.pem": made["key"],
        directory / "certificate.pem": made["certificate"],
        ca_file(directory): made["authority"],  # the last: its time counts for all of them
    }
    for file, content in contents.items():
        kept.write(file, content, synced=False)
    os.utime(ca_file(directory), (now, now))
