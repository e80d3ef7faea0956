"""An ending is waited for only where that is wanted."""

from __future__ import annotations

import threading

from bonkei.definitions.terraform.runs.endings import Endings


def test_an_ending_goes_on_beside_what_follows_and_can_be_awaited() -> None:
    may_end, ended = threading.Event(), threading.Event()

    def end() -> None:
        may_end.wait(60)
        ended.set()

    endings = Endings()
    endings.begin(end)
    assert not ended.is_set()
    may_end.set()
    endings.wait()
    assert ended.is_set()
    endings.wait()  # there is nothing left


def test_they_go_on_beside_each_other_and_are_over_at_the_end() -> None:
    together = threading.Barrier(2, timeout=60)
    over: list[int] = []

    def end() -> None:
        over.append(together.wait())

    with Endings() as endings:
        endings.begin(end)
        endings.begin(end)
    assert sorted(over) == [0, 1]
