"""`bonkei fault` as a person types and reads it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import click
import pytest
from click.testing import CliRunner

from bonkei.cli.context import Context
from bonkei.cli.incidents import fault
from bonkei.cli.quantity import SIZE

STATE = {
    "id": "f1", "words": "slow service:web 500 ms", "kind": "slow", "target": "service:web",
    "at": 0.0, "seconds": 30.0, "left": 30.0, "touches": ["web 1a2b3c4d"], "ended": "",
}  # fmt: skip


class Miniature:
    def __init__(self) -> None:
        self.asked: list[tuple[str, Any]] = []
        self.answer: Any = STATE

    def __call__(self, _home: Any, call: str, *, arguments: Any = None, limit: float) -> Any:
        self.asked.append((call, arguments))
        return self.answer


@pytest.fixture
def miniature(monkeypatch: pytest.MonkeyPatch) -> Miniature:
    made = Miniature()
    monkeypatch.setattr("bonkei.miniature.control.call", made)
    monkeypatch.setattr(Context, "home", None)
    return made


def typed(*words: str) -> Any:
    def load() -> Any:
        raise AssertionError("nothing of the settings is needed")

    return CliRunner().invoke(fault.fault, words, obj=Context(load))


def test_a_start_sends_what_was_typed(miniature: Miniature) -> None:
    found = typed("start", "slow", "web", "--for", "2m", "--latency", "250ms", "--percent", "50")
    assert found.exit_code == 0, found.output
    [(call, given)] = miniature.asked
    assert call == "fault start"
    wanted: Mapping[str, Any] = {
        "kind": "slow", "target": "web", "seconds": 120.0, "latency": 0.25, "percent": 50,
        "jitter": None, "refusal": None, "what": None, "size": None,
    }  # fmt: skip
    assert given == wanted
    assert "f1  slow service:web 500 ms, for 30 s" in found.output
    assert "web 1a2b3c4d" in found.output


@pytest.mark.parametrize(("text", "bytes_"), [("80%", 0.8), ("256MB", 256e6), ("1MiB", 2.0**20)])
def test_sizes(text: str, bytes_: float) -> None:
    assert SIZE.convert(text, None, None) == bytes_


@pytest.mark.parametrize("text", ["5", "5d", "-5s", "1e9s", "s"])
def test_no_time(text: str, miniature: Miniature) -> None:
    found = typed("start", "kill", "web", f"--for={text}")
    assert found.exit_code == 2
    assert "write 500ms, 30s, 5m or 1h" in found.output
    assert miniature.asked == []


def test_no_size(miniature: Miniature) -> None:
    with pytest.raises(click.UsageError, match="write 80% or 256MB"):
        SIZE.convert("12 apples", None, None)


def test_an_unknown_kind_names_all(miniature: Miniature) -> None:
    found = typed("start", "melt", "web")
    assert found.exit_code == 2
    assert "kill" in found.output


def test_the_list(miniature: Miniature) -> None:
    miniature.answer = {
        "active": [STATE],
        "past": [STATE | {"id": "f0", "left": 0.0, "ended": "its time is over"}],
    }
    found = typed("list").output
    assert "f1   slow service:web 500 ms  30 s left  web 1a2b3c4d" in found
    assert "f0   slow service:web 500 ms" in found
    assert "30 s: its time is over" in found
    assert json.loads(typed("list", "--json").output)["active"][0]["id"] == "f1"


def test_end_needs_one_or_all(miniature: Miniature) -> None:
    assert typed("end").exit_code == 2
    assert typed("end", "f1", "--all").exit_code == 2
    miniature.answer = [STATE | {"ended": "ended by hand"}]
    assert "ended by hand" in typed("end", "f1").output
    miniature.answer = []
    assert "No fault lasted." in typed("end", "--all").output


def test_a_target_with_control_characters_is_shown_safely(miniature: Miniature) -> None:
    miniature.answer = STATE | {"words": "slow \x1b[31m"}
    assert "\x1b" not in typed("start", "slow", "web").output
