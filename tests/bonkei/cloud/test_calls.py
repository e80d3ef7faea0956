"""Calls are remembered, within bounds, and never in the way."""

from __future__ import annotations

from pathlib import Path

from bonkei.cloud.calls import KEPT, CallLog, Record


def record(number: int) -> Record:
    return Record(float(number), "arn:caller", "", "s3", "GetObject", 200, "", 1.5, f"id{number}")


def opened(file: Path) -> CallLog:
    log = CallLog(file)
    log.open()
    return log


def test_the_file_and_the_memory_are_bounded(tmp_path: Path) -> None:
    log = opened(tmp_path / "calls")
    for number in range(5 * KEPT):
        log.add(record(number))
    lines = (tmp_path / "calls").read_text().splitlines()
    assert KEPT <= len(lines) <= 2 * KEPT
    assert f"id{5 * KEPT - 1}" in lines[-1]
    assert len(log.recent()) == KEPT


def test_a_second_run_goes_on_within_the_same_bound(tmp_path: Path) -> None:
    for _ in range(3):
        log = opened(tmp_path / "calls")
        for number in range(KEPT):
            log.add(record(number))
    assert len((tmp_path / "calls").read_text().splitlines()) <= 2 * KEPT


def test_a_disk_that_takes_nothing_fails_no_call() -> None:
    log = CallLog(Path("/dev/full"))
    log.add(record(1))
    assert log.recent() == (record(1),)
