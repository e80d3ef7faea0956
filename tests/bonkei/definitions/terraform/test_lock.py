"""One Terraform waits for another one, which may be `bonkei watch`'s."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from bonkei.definitions.terraform.errors import TerraformError
from bonkei.definitions.terraform.state import lock
from bonkei.definitions.terraform.state.lock import locked


def test_a_plan_of_a_second_is_awaited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "PATIENCE", 60.0)
    asked = threading.Event()
    order: list[str] = []

    def begun() -> bool:
        asked.set()
        return False

    def plan() -> None:
        with locked(tmp_path / "lock", begun):
            order.append("second")

    second = threading.Thread(target=plan)
    with locked(tmp_path / "lock"):
        second.start()
        assert asked.wait(60)
        order.append("first")
    second.join(60)
    assert order == ["first", "second"]


def test_ctrl_c_ends_the_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "PATIENCE", 600.0)
    began = time.monotonic()
    with (
        locked(tmp_path / "lock"),
        pytest.raises(TerraformError, match=r"already working on .* \(process \d+\)"),
        locked(tmp_path / "lock", lambda: True),
    ):
        pass
    assert time.monotonic() - began < 60
