"""Run git in one repository, without the user's own settings."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from bonkei.services.codecommit.errors import GitError

_SECONDS = 120.0
_USERS = ("safe.directory", "core.excludesFile")
_BOUND = 16 * 1024 * 1024
"""The most bytes of an answer that are read into memory."""


_VERIFYING = ("gpg.program", "gpg.x509.program", "gpg.ssh.program")
"""What shows a commit's signature, also in an archive whose files ask for it (`export-subst` in
gitattributes(5)): the user's gpg, with the user's keys. It may call a keyserver."""


def environment() -> dict[str, str]:
    """With these variables git asks no questions, reads no user's settings and runs no program on
    what a stranger has committed."""
    return {
        **_numbered([(name, "false") for name in _VERIFYING]),
        "PATH": os.environ.get("PATH", os.defpath),
        "LC_ALL": "C.UTF-8",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_TERMINAL_PROMPT": "0",
    }


def of_a_stranger(root: Path) -> dict[str, str]:
    """An environment for git in a working copy that may come from anyone: the programs that its own
    configuration names do not run. The user's settings say only which folders are safe, and what is
    ignored: git accepts both from here, too (git-config(1), "Protected configuration")."""
    settings = [
        *((name, "false") for name in _VERIFYING),
        ("core.hooksPath", os.devnull),
        ("core.fsmonitor", "false"),
        ("log.showSignature", "false"),
        *(each for name in _USERS for each in _listed(os.environ, root.anchor, "--get-all", name)),
    ]
    made = {**environment(), "HOME": os.environ.get("HOME", ""), "GIT_ALLOW_PROTOCOL": "file"}
    numbered = _numbered(settings)
    for name, _ in _listed({**made, **numbered}, str(root), "--get-regexp", r"^filter\."):
        settings.append((name, "false" if name.endswith(".required") else ""))
    return {**made, **_numbered(settings)}


def _listed(variables: Mapping[str, str], place: str, how: str, name: str) -> list[tuple[str, str]]:
    words = ["git", "-C", place, "config", "-z", how, name]
    try:
        done = subprocess.run(
            words, env=dict(variables), capture_output=True, timeout=_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return []  # what follows says so
    found = os.fsdecode(done.stdout).split("\0")[:-1]
    if how == "--get-all":
        return [(name, value) for value in found]
    return [(key, value) for key, _, value in (each.partition("\n") for each in found)]


def _numbered(settings: Sequence[tuple[str, str]]) -> dict[str, str]:
    made = {"GIT_CONFIG_COUNT": str(len(settings))}
    for number, (name, value) in enumerate(settings):
        made |= {f"GIT_CONFIG_KEY_{number}": name, f"GIT_CONFIG_VALUE_{number}": value}
    return made


async def start(
    *words: str, variables: Mapping[str, str], stdin: int, stderr: int, limit: int
) -> Process:
    """Start git in a group of its own. Raises OSError. A caller that is cancelled meanwhile leaves
    no process behind: asyncio itself would kill git alone, and wait for all that its children
    write."""
    starting = asyncio.ensure_future(
        asyncio.create_subprocess_exec(
            "git",
            *words,
            env=variables,
            stdin=stdin,
            stdout=PIPE,
            stderr=stderr,
            limit=limit,
            start_new_session=True,
        )
    )
    try:
        return await asyncio.shield(starting)
    except asyncio.CancelledError:
        starting.add_done_callback(_end_started)
        raise


def _end_started(starting: asyncio.Future[Process]) -> None:
    if not starting.cancelled() and starting.exception() is None:
        end_group(starting.result())


def end_group(process: Process) -> None:
    """Kill git and the programs that it has started, at once: they hold its pipes, too. This does
    not wait for it, because its caller may be cancelled; the event loop collects its exit code. One
    that has left the group may hold the pipes: only their transport can close them here."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process._transport.close()  # type: ignore[attr-defined]


async def git(directory: Path, *words: str, given: bytes = b"") -> bytes:
    """The output of git. Raises GitError with git's own message."""
    try:
        process = await start(
            "-C",
            str(directory),
            *words,
            variables=environment(),
            stdin=PIPE if given else DEVNULL,
            stderr=PIPE,
            limit=_BOUND,
        )
    except OSError as error:
        raise GitError(f"git cannot be run: {error.strerror}", remedy="install git") from None
    try:
        async with asyncio.timeout(_SECONDS):
            answer, said = await process.communicate(given or None)
    except TimeoutError:
        raise GitError(f"git {words[0]} has not ended after {_SECONDS:.0f} s") from None
    finally:
        if process.returncode is None:
            end_group(process)
    if process.returncode:
        text = said.decode("utf-8", "replace").strip()
        raise GitError(f"git {words[0]}: {text.splitlines()[-1] if text else process.returncode}")
    return answer


async def clone(repository: Path, version: str, into: Path) -> str:
    """A working copy of a version, or of HEAD. Returns its commit. Raises GitError.

    The version comes from callers. As a word of `checkout` it could be an option, and the error of
    `--pathspec-from-file=FILE` has a line of any file of this machine.
    """
    wanted = f"{version or 'HEAD'}^{{commit}}"
    try:
        found = await git(repository, "rev-parse", "--verify", "--end-of-options", wanted)
    except GitError:
        raise GitError(f"{version or 'HEAD'} is not a version of the repository") from None
    commit = found.decode("ascii").split()[-1]
    await git(repository, "clone", "--quiet", "--no-hardlinks", str(repository), str(into))
    await git(into, "checkout", "--quiet", "--detach", commit)
    return commit
