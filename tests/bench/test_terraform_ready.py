"""What a recording of a provider's answers holds: one answer for each request."""

from __future__ import annotations

import importlib
import itertools
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

PATH = "/tfplugin6.Provider/OpenEphemeralResource"


@pytest.fixture
def ready(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.setenv("BENCH_ANSWERS", str(tmp_path / "answers"))
    return importlib.import_module("bench.terraform_ready")


def test_equal_requests_of_two_threads_have_one_answer(ready: ModuleType) -> None:
    """A random password is part of later requests: with another one, none of those is known."""
    numbers = itertools.count()

    def real(_request: bytes) -> bytes:
        number = next(numbers)
        time.sleep(0.2)
        return b"%d" % number

    ready._Remembered.answers = {}
    recording: Any = ready._Remembered({PATH: real}, {}, None)
    recording._transport = SimpleNamespace(get_extra_info=lambda _: "0.sock")
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(recording._methods[PATH], [b"24 letters"] * 2))
    assert answers == [b"0", b"0"]
    assert list(ready._Remembered.answers.values()) == [b"0"]


def test_a_request_that_was_not_recorded_is_named(ready: ModuleType) -> None:
    method = ready._unknown("/tfplugin6.Provider/PlanResourceChange")
    with pytest.raises(LookupError, match=r"PlanResourceChange had no answer ready: type_name.*lb"):
        method(b"\n\x06aws_lb")
