"""What takes long to make, made once for all workers."""

from __future__ import annotations

import contextlib
import fcntl
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest


def shared_folder(name: str, factory: pytest.TempPathFactory) -> Path:
    """A folder for all workers."""
    under = factory.getbasetemp()
    shared = (under.parent if "PYTEST_XDIST_WORKER" in os.environ else under) / "shared" / name
    shared.mkdir(parents=True, exist_ok=True)
    return shared


@contextlib.contextmanager
def alone(shared: Path) -> Iterator[None]:
    """No other worker is in this block with the same folder."""
    with (shared / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def put_cluster(
    data: Path, name: str, make: Callable[[], object], factory: pytest.TempPathFactory
) -> bool:
    """Put PostgreSQL's new files at `data`, where `make` makes them. Returns whether it did.

    initdb takes 0.4 s of a processor, and a copy 0.06 s: each later test takes a copy of what
    the first one has made.
    """
    shared = shared_folder(f"postgresql-{name}", factory)
    kept = shared / "data"
    with alone(shared):
        is_first = not kept.exists()
        if is_first:
            make()
            draft = shared / f"draft-{os.getpid()}"  # a worker may end in between
            _copy(data, draft)
            draft.rename(kept)
    if not is_first:
        _copy(kept, data)
    return is_first


def _copy(source: Path, target: Path) -> None:
    """With its owner, which is another user's under root. Python takes longer."""
    subprocess.run(["cp", "-Rp", source, target], check=True)
