"""What is run in a program's folder before its tasks, such as `npm ci`, once until files change.

It sees what the tasks see, so it must find its tools on the PATH. Its HOME is kept below the
miniature's home, for a package manager's cache.
"""

from __future__ import annotations

import hashlib
import os
import shlex
from collections import deque
from collections.abc import Callable
from pathlib import Path

from bonkei.base.folders import MADE, stat_of, text_of
from bonkei.base.processes import Keeper
from bonkei.base.processes.roots import machine_root, remove_scratch
from bonkei.config import FolderProgram
from bonkei.services.ecs.errors import TaskError
from bonkei.services.ecs.execution.process import ContainerProcess, ProcessSpec
from bonkei.services.ecs.execution.software import locked

_LAST_LINES = 10
_FROM_OUTSIDE = (
    "http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY",
    "SSL_CERT_FILE", "SSL_CERT_DIR",
)  # fmt: skip


def is_ready(program: FolderProgram, home: Path) -> bool:
    """Whether the folder is as its preparation has left it."""
    record = text_of(_place(program, home) / "done")
    return not program.prepare or (record is not None and record == _content(program.directory))


def was_ready(program: FolderProgram, home: Path) -> bool:
    """Whether its last preparation has succeeded. The program itself may have changed files since,
    such as its log."""
    return not program.prepare or (_place(program, home) / "done").exists()


async def make_ready(
    program: FolderProgram,
    home: Path,
    keeper: Keeper,
    progress: Callable[[str], None],
    *,
    is_confined: bool,
) -> None:
    """Run the preparation, unless nothing has changed since. Raises TaskError with its last lines.
    Several tasks may call it at the same time: one runs it, and the others wait."""
    if is_ready(program, home):
        return
    place = _place(program, home)
    async with locked(place / "lock"):
        if is_ready(program, home):
            return
        *shell, line = program.prepare
        (place / "done").unlink(missing_ok=True)
        line = line if shell == ["/bin/sh", "-c"] else shlex.join(program.prepare)
        progress(f"preparing {program.directory}: {line}")
        lines: deque[str] = deque(maxlen=_LAST_LINES)
        spec = _spec(program, place, home, is_confined=is_confined)
        process = await ContainerProcess.start(spec, keeper, lambda _, __, new: lines.extend(new))
        try:
            code = await process.wait()
        finally:
            process.kill()
            remove_scratch(place / "root")
        if code:
            said = "".join(f"\n  {each}" for each in lines)
            raise TaskError(
                f"`{line}` has failed in {program.directory}, with exit code {code}:{said}",
                remedy="correct it, or `prepare` in bonkei.toml",
            )
        (place / "done").write_text(_content(program.directory), encoding="utf-8")


def _spec(program: FolderProgram, place: Path, home: Path, *, is_confined: bool) -> ProcessSpec:
    own, scratch = place / "home", place / "root"
    for folder in (own, scratch):
        folder.mkdir(exist_ok=True)
    path = os.environ.get("PATH", os.defpath)
    writes = (program.directory, own)
    return ProcessSpec(
        program.directory.name,
        program.prepare,
        program.directory,
        {
            **{name: os.environ[name] for name in _FROM_OUTSIDE if name in os.environ},
            "PATH": path,
            "LANG": "C.UTF-8",
            "HOME": str(own),
            "TMPDIR": str(own),
            **dict(program.environment),
        },
        machine_root(scratch, path, writes=writes, home=home) if is_confined else None,
    )


def _place(program: FolderProgram, home: Path) -> Path:
    told = repr((program.directory, program.prepare, program.environment))
    return home / "prepared" / hashlib.sha256(told.encode()).hexdigest()[:32]


def _content(folder: Path) -> str:
    """A name for the content of a folder's files, by their sizes and times. Of what tools have
    made it counts only that it is there."""
    digest = hashlib.sha256()
    for place, folders, files in os.walk(folder):
        digest.update(repr((place, sorted(MADE.intersection(folders)))).encode())
        folders[:] = sorted(each for each in folders if each not in MADE and each[0] != ".")
        for name in sorted(files):
            found = stat_of(Path(place, name))
            digest.update(repr((name, found and (found.st_size, found.st_mtime_ns))).encode())
    return digest.hexdigest()
