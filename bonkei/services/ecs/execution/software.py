"""A container's own Python packages: a virtual environment for its requirements.

Environments are below home and named by their content. All containers with the same requirements
share one. `uv` creates them. It installs from its cache in fractions of a second, and checks every
hash. Requirements without hashes are locked once, beside their environment, so that each start has
the same packages until the requirements change.
"""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import os
import platform
import re
import shutil
import ssl
import sys
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from uv import find_uv_bin

import bonkei
from bonkei.base import kept
from bonkei.services.ecs.errors import TaskError
from bonkei.services.ecs.execution.process import reap

_INCLUDED = re.compile(r"^\s*(?:-r|-c|--requirement|--constraint)[ =]?\s*([^\s#]+)", re.MULTILINE)
_INDEX = re.compile(r"^\s*(?:-i|-f|--index-url|--extra-index-url|--find-links)\b", re.MULTILINE)
_MARKER = ".complete"
_PACKAGE = Path(bonkei.__file__).parent
_POLL = 0.1  # seconds
_NOT_FOR_UV = {"VIRTUAL_ENV", "UV_PROJECT_ENVIRONMENT", "PYTHONPATH", "PYTHONHOME"}


def environment_name(requirements: Sequence[Path]) -> str:
    """A name for the environment's content: requirements, Python and platform."""
    digest = hashlib.sha256()
    for file in _with_included(requirements):
        digest.update(file.read_bytes())
    parts = (platform.python_implementation(), platform.python_version(), platform.platform())
    digest.update("\0".join(parts).encode())
    return digest.hexdigest()[:32]


def _with_included(files: Iterable[Path]) -> list[Path]:
    """The files, and the files that they name with `-r` or `-c`, each once."""
    found: dict[Path, None] = {}
    waiting = list(files)
    while waiting:
        file = waiting.pop(0)
        if file in found or not file.is_file():
            continue
        found[file] = None
        waiting += [file.parent / name for name in _INCLUDED.findall(_text(file))]
    return list(found)


def is_locked(text: str) -> bool:
    """Whether each requirement in it has a hash."""
    lines = text.replace("\\\n", " ").splitlines()
    wanted = [line for line in lines if line.strip() and not line.lstrip().startswith("#")]
    options = ("-i ", "--index", "--extra-index", "--find", "--trusted", "--no-", "--only", "--pre")
    packages = [line for line in wanted if not line.lstrip().startswith(options)]
    return all("--hash=" in line for line in packages)


def _are_locked(files: Iterable[Path]) -> bool:
    return all(is_locked(_text(file)) for file in files)


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8", errors="replace")


async def ensure_environment(
    wanted: Sequence[Path | str], environments: Path, progress: Callable[[str], None]
) -> Path:
    """The virtual environment for files of requirements and packages by their names. It is created
    if missing. Raises TaskError if that fails.

    Several tasks and processes may call it at the same time: one creates it, and the others wait.
    `environments` may be a link to a folder of several homes. An environment contains its own
    path.
    """
    environments = _followed(environments)
    requirements = _files(wanted, environments)
    target = environments / environment_name(requirements)
    if _is_made(target):
        return target
    async with locked(environments / f"{target.name}.lock") as held:
        if not _is_made(target):
            lock = await _locked(requirements, target, progress, held)
            progress(f"installing the packages of {lock}")
            await _make(target, lock, _place(requirements), held)
    return target


def _files(wanted: Sequence[Path | str], environments: Path) -> list[Path]:
    """The files, and one with the packages that are named."""
    files = [each for each in wanted if isinstance(each, Path)]
    if names := [each for each in wanted if isinstance(each, str)]:
        text = "\n".join(names)
        file = environments / f"named-{hashlib.sha256(text.encode()).hexdigest()[:32]}.txt"
        if not file.is_file():
            environments.mkdir(parents=True, exist_ok=True)
            kept.write(file, text)
        files.append(file)
    return files


async def _locked(
    requirements: Sequence[Path], target: Path, progress: Callable[[str], None], held: int
) -> Path:
    """The requirements with their hashes: as given, or locked here once."""
    if len(requirements) == 1 and _are_locked(_with_included(requirements)):
        return requirements[0]
    lock = target.with_name(f"{target.name}.txt")
    if not lock.exists():
        names = " and ".join(str(file) for file in requirements)
        progress(f"locking {names}, which has no hashes: once, in {lock}")
        draft = lock.with_suffix(".draft")
        # Keep an index that the files name. Leave out this machine's own index.
        named = any(_INDEX.search(text) for text in map(_text, _with_included(requirements)))
        emit = ("--emit-index-url", "--emit-find-links") if named else ("--no-emit-index-url",)
        await _uv(
            "pip", "compile", "--quiet", "--generate-hashes", "--no-header", "--no-annotate",
            *emit, "--python", sys.executable, "--output-file", str(draft),
            *(str(file) for file in requirements), held=held, directory=_place(requirements),
        )  # fmt: skip
        draft.replace(lock)
    return lock


def _place(requirements: Sequence[Path]) -> Path | None:
    """Where uv runs: names and settings in the files are relative to their folder. Our own have
    none, and `uvx` puts them into uv's cache, where uv refuses to run."""
    folder = requirements[0].parent
    return None if folder.is_relative_to(_PACKAGE) else folder


def _followed(folder: Path) -> Path:
    return folder.resolve()


def _is_made(target: Path) -> bool:
    """Whether it is complete and still at its path, because its commands contain the path."""
    try:
        return (target / _MARKER).read_text(encoding="utf-8") == str(target)
    except (OSError, UnicodeDecodeError):
        return False


async def _make(target: Path, lock: Path, directory: Path | None, held: int) -> None:
    # A virtual environment contains its own path, so it is created in place. The marker comes last.
    shutil.rmtree(target, ignore_errors=True)
    await _uv(
        "venv", "--quiet", "--no-project", "--python", sys.executable, str(target), held=held
    )  # fmt: skip
    # A package in a folder or from a repository cannot have a hash.
    checked = ["--require-hashes"] if _are_locked([lock]) else []
    await _uv(
        "pip", "sync", "--quiet", *checked, "--compile-bytecode",
        "--python", str(target / "bin" / "python"), str(lock), held=held, directory=directory,
    )  # fmt: skip
    (target / _MARKER).write_text(str(target), encoding="utf-8")


async def _uv(*arguments: str, held: int, directory: Path | None = None) -> None:
    """`held`: the lock. uv and its children hold it, too: they may outlive this process, if it is
    killed, and no other process may write into their folder then."""
    environment = {k: v for k, v in os.environ.items() if k not in _NOT_FOR_UV}
    if ssl.get_default_verify_paths().cafile:  # as pip does, for a company's proxy
        environment.setdefault("UV_SYSTEM_CERTS", "1")
    process = await asyncio.create_subprocess_exec(
        find_uv_bin(),
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        cwd=directory,
        env=environment,
        pass_fds=(held,),
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
            remedy="check that the package index can be reached, that the disk has space and that "
            f"the lock file fits Python {platform.python_version()}",
        )


@asynccontextmanager
async def locked(path: Path) -> AsyncIterator[int]:
    """A lock across all processes of this machine: its descriptor. It is released when all that
    have the descriptor have closed it, or died."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                await asyncio.sleep(_POLL)
        yield descriptor
    finally:
        os.close(descriptor)
