"""The alarms' states and settings on a disk that takes nothing for a while."""

from __future__ import annotations

from pathlib import Path

from bonkei.services.cloudwatch.alarm.book import AlarmBook, AlarmState, HistoryItem
from bonkei.services.cloudwatch.alarm.evaluation import State

RINGS = AlarmState(State.ALARM, since=1.0)


def refuse(book: AlarmBook, *, writes: bool) -> None:
    book._connection.execute(f"pragma query_only = {int(writes)}")


def test_an_alarm_that_is_deleted_meanwhile_is_not_back_after_a_restart(tmp_path: Path) -> None:
    book = AlarmBook(tmp_path / "book.sqlite")
    for name in ("gone", "made again"):
        book.set(name, RINGS)
        book.keep(name, f"settings of {name}")
    refuse(book, writes=True)
    book.forget("gone")
    book.forget("made again")
    assert book.problem
    refuse(book, writes=False)
    book.keep("made again", "new settings")
    book.note(HistoryItem("gone", 2.0, "Action", "the disk has space"))
    assert book.problem == ""
    book.close()
    again = AlarmBook(tmp_path / "book.sqlite")
    assert again.kept() == ("new settings",)
    assert not again.is_known("gone")
    again.close()
