"""In a fresh clone no test is compiled, and all workers begin with the same file.

Each would compile every test, and every module of the product. So each worker first imports the
tests from another place on, and finds compiled what another one has had before. What cannot be
imported here, pytest reports when it collects.
"""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Sequence
from pathlib import Path

import pytest


def import_tests(config: pytest.Config) -> None:
    """Only where several workers collect whole folders."""
    given = getattr(config, "workerinput", {"workerid": "gw0", "workercount": 1})  # of xdist
    worker, workers = int(given["workerid"].removeprefix("gw")), given["workercount"]
    if workers == 1:
        return
    folders = [path for path in map(Path, config.args) if path.is_dir()]
    files = sorted(file for folder in folders for file in folder.resolve().rglob("test_*.py"))
    for file in turned(files, worker, workers):
        name = ".".join(file.relative_to(config.rootpath).with_suffix("").parts)
        with contextlib.suppress(Exception, pytest.skip.Exception):
            importlib.import_module(name)


def turned(files: Sequence[Path], worker: int, workers: int) -> list[Path]:
    """The files in their order, from this worker's place on."""
    first = len(files) * worker // workers
    return [*files[first:], *files[:first]]
