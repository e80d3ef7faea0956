"""Workers that begin together compile each test once."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from first_imports import import_tests

NAMES = ("test_first_a", "test_first_b", "test_first_c")


@pytest.fixture
def imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The modules of a folder of tests, as they are imported; the second one is broken."""
    order: list[str] = []
    monkeypatch.setattr(sys, "first_imported", order, raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    for name in NAMES:
        end = "raise ValueError" if name.endswith("b") else ""
        source = f"import sys\nsys.first_imported.append({name!r})\n{end}\n"
        (tmp_path / f"{name}.py").write_text(source)
    yield order
    for name in NAMES:
        sys.modules.pop(name, None)


def configuration(folder: Path, **more: Any) -> Any:
    return SimpleNamespace(args=[str(folder)], rootpath=folder, **more)


@pytest.mark.parametrize("worker", [0, 1, 2])
def test_each_worker_imports_all_tests_from_its_own_place_on(
    worker: int, imported: list[str], tmp_path: Path
) -> None:
    worker_input = {"workerid": f"gw{worker}", "workercount": 3}
    import_tests(configuration(tmp_path, workerinput=worker_input))
    assert imported == [*NAMES[worker:], *NAMES[:worker]]


def test_a_process_alone_imports_nothing_first(imported: list[str], tmp_path: Path) -> None:
    import_tests(configuration(tmp_path))
    assert imported == []
