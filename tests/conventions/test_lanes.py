"""The order in which workers take the files of tests."""

from __future__ import annotations

from pathlib import Path

from lanes import LANES, LONG, choice

ROOT = Path(__file__).resolve().parents[2]


def test_each_long_file_is_there() -> None:
    assert [name for name in LONG if not (ROOT / name).is_file()] == []
    assert len(set(LONG)) == len(LONG)


def test_long_files_come_first_and_never_on_every_worker() -> None:
    left = dict.fromkeys(["tests/a.py", *reversed(LONG), "tests/b.py"])
    assert [choice(left, lane) for lane in range(LANES)] == [LONG[0]] * LANES
    assert choice(left, LANES) == "tests/a.py"


def test_whoever_has_nothing_of_its_own_helps() -> None:
    assert choice(dict.fromkeys(["tests/a.py"]), 0) == "tests/a.py"
    assert choice(dict.fromkeys(LONG[3:]), LANES) == LONG[3]
