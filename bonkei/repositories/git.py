"""Run git in one repository, without the user's own settings."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path

from bonkei.repositories.errors import GitError

_SECONDS = 120.0
_BOUND = 16 * 1024 * 1024
"""The most bytes of an answer that are read into memory."""


def environment() -> dict[str, str]:
    """With these variables git asks no questions and reads no user's settings."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "LC_ALL": "C.UTF-8",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_TERMINAL_PROMPT": "0",
    }


async def git(
    directory: Path, *words: str, given: bytes = b"", more: Mapping[str, str] | None = None
) -> bytes:
    """The output of git. Raises GitError with git's own message."""
    try:
        process = await asyncio.create_subprocess_exec(
            "git",
            "-C",
            str(directory),
            *words,
            stdin=asyncio.subprocess.PIPE if given else asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**environment(), **(more or {})},
            limit=_BOUND,
        )
    except OSError as error:
        raise GitError(f"git cannot be run: {error.strerror}", remedy="install git") from None
    try:
        async with asyncio.timeout(_SECONDS):
            answer, said = await process.communicate(given or None)
    except TimeoutError:
        process.kill()
        await process.wait()
        raise GitError(f"git {words[0]} has not ended after {_SECONDS:.0f} s") from None
    if process.returncode:
        text = said.decode("utf-8", "replace").strip()
        raise GitError(f"git {words[0]}: {text.splitlines()[-1] if text else process.returncode}")
    return answer
