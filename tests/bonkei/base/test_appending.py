"""Lines that the disk does not take, and those after them."""

from __future__ import annotations

import json
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bonkei.base.appending import append
from bonkei.config import OneOff
from bonkei.miniature.lifecycle.one_offs import Started
from bonkei.services.endpoint.calls.record import CallLog, Record
from bonkei.services.endpoint.permission.ledger import Denial, Ledger, read_denials
from bonkei.services.slack.store import Entry, Inbox


@contextmanager
def nearly_full(file: Path) -> Iterator[None]:
    """A disk that takes ten bytes more of this file."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    size = file.stat().st_size if file.exists() else 0
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 10, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_lines_are_written_as_a_whole_or_not_at_all(tmp_path: Path) -> None:
    file = tmp_path / "lines"
    append(file, "one\n")
    with nearly_full(file), pytest.raises(OSError, match="large"):
        append(file, "a line that does not fit\n")
    assert file.read_text() == "one\n"
    append(file, "two\nthree\n")
    assert file.read_text() == "one\ntwo\nthree\n"


def test_a_line_that_was_cut_takes_no_other_with_it(tmp_path: Path) -> None:
    file = tmp_path / "lines"
    file.write_text("one\ntw")
    append(file, "three\n")
    assert file.read_text() == "one\ntw\nthree\n"


def message(text: str) -> Entry:
    return Entry(0.0, "slack", "webhook", {"text": text})


def test_the_message_after_one_that_did_not_fit_is_shown(tmp_path: Path) -> None:
    inbox = Inbox(tmp_path / "messages.jsonl")
    with nearly_full(inbox.file), pytest.raises(OSError, match="large"):
        inbox.add(message("refused"))
    inbox.add(message("accepted"))
    assert list(inbox.entries()) == [message("accepted")]


def test_the_denial_after_one_that_did_not_fit_is_shown(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    denials = [Denial(0.0, "r", "c", action, "*", "", "", True) for action in ("s3:A", "s3:B")]
    with nearly_full(ledger.denied_file):
        ledger.deny(denials[0])
    ledger.deny(denials[1])
    assert [one["action"] for one in read_denials(ledger.denied_file)] == ["s3:B"]


def test_the_call_after_one_that_did_not_fit_is_kept(tmp_path: Path) -> None:
    log = CallLog(tmp_path / "calls.jsonl")
    with nearly_full(tmp_path / "calls.jsonl"):
        log.add(Record(0.0, "", "", "s3", "A", 200, "", 1.0, "1"))
    log.add(Record(0.0, "", "", "s3", "B", 200, "", 1.0, "2"))
    (kept,) = (tmp_path / "calls.jsonl").read_text().splitlines()
    assert json.loads(kept)["operation"] == "B"


def test_a_command_that_is_remembered_after_one_that_was_not(tmp_path: Path) -> None:
    first, second = (
        OneOff(name, "d", "c", ("true",), "first-start") for name in ("a first command", "second")
    )
    started = Started(tmp_path / "started")
    with nearly_full(tmp_path / "started"), pytest.raises(OSError, match="large"):
        started.remember(first)
    started.remember(second)
    assert started.due([first, second]) == [first]


def test_half_a_surrogate_pair_costs_no_line(tmp_path: Path) -> None:
    file = tmp_path / "lines"
    append(file, "before 🔥\n\udc00 cut \ud83d\nafter\n")
    assert file.read_text("utf-8") == "before 🔥\n\ufffd cut \ufffd\nafter\n"
