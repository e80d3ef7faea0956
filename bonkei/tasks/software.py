"""A container's own Python packages: a virtual environment for its hash-locked requirements.

Environments live below home, named by what they are made of, and are shared by all containers
that ask for the same. `uv` makes them: it installs from its cache in fractions of a second and
checks every hash.
"""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import os
import platform
import shutil
import ssl
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from uv import find_uv_bin

from bonkei.tasks.errors import TaskError
from bonkei.tasks.process import reap

_MARKER = ".complete"
_POLL = 0.1  # seconds
_NOT_FOR_UV = {"VIRTUAL_ENV", "UV_PROJECT_ENVIRONMENT", "PYTHONPATH", "PYTHONHOME"}


def find_requirements(directory: Path) -> Path | None:
    """The directory's requirements.txt when every package in it is locked by its hash."""
    file = directory / "requirements.txt"
    return file if file.is_file() and "--hash=" in file.read_text(encoding="utf-8") else None


def environment_name(requirements: Path) -> str:
    """A name for what the environment is made of: requirements, Python and platform."""
    content = requirements.read_bytes()
    parts = (platform.python_implementation(), platform.python_version(), platform.platform())
    return hashlib.sha256(content + "\0".join(parts).encode()).hexdigest()[:32]


async def ensure_environment(
    requirements: Path, environments: Path, progress: Callable[[str], None]
) -> Path:
    """The virtual environment for `requirements`, made if need be. TaskError when it cannot be.

    Safe to call at the same time from several tasks and processes: one makes it, others wait.
    """
    target = environments / environment_name(requirements)
    if _is_made(target):
        return target
    async with _lock(environments / f"{target.name}.lock"):
        if not _is_made(target):
            progress(f"installing the packages of {requirements}")
            await _make(target, requirements)
    return target


def _is_made(target: Path) -> bool:
    """Whether it is whole, and where it was made: its commands hold that path."""
    try:
        return (target / _MARKER).read_text(encoding="utf-8") == str(target)
    except (OSError, UnicodeDecodeError):
        return False


async def _make(target: Path, requirements: Path) -> None:
    # A virtual environment holds its own path, so it is made in place; the marker comes last.
    shutil.rmtree(target, ignore_errors=True)
    await _uv("venv", "--quiet", "--no-project", "--python", sys.executable, str(target))
    await _uv(
        "pip", "sync", "--quiet", "--require-hashes", "--compile-bytecode",
        "--python", str(target / "bin" / "python"), str(requirements),
    )  # fmt: skip
    (target / _MARKER).write_text(str(target), encoding="utf-8")


async def _uv(*arguments: str) -> None:
    environment = {k: v for k, v in os.environ.items() if k not in _NOT_FOR_UV}
    if ssl.get_default_verify_paths().cafile:  # as pip does: a company's proxy signs by its own
        environment.setdefault("UV_SYSTEM_CERTS", "1")
    process = await asyncio.create_subprocess_exec(
        find_uv_bin(),
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env=environment,
    )
    try:
        output, _ = await process.communicate()
    except asyncio.CancelledError:
        with suppress(ProcessLookupError):
            process.kill()
        await reap(process)
        raise
    if process.returncode:
        lines = output.decode(errors="replace").strip().splitlines()
        raise TaskError(
            f"CannotPullContainerError: uv {arguments[0]} failed for {arguments[-1]}: "
            + " ".join(line.strip() for line in lines[-5:]),
            remedy="check that the package index can be reached, that the disk has room and that "
            f"the lock file fits Python {platform.python_version()}",
        )


@asynccontextmanager
async def _lock(path: Path) -> AsyncIterator[None]:
    """Held by one at a time, in all processes of this machine; freed when its holder dies."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                await asyncio.sleep(_POLL)
        yield
    finally:
        os.close(descriptor)
