"""Nobody waits for an ending but who wants to."""

from __future__ import annotations

import threading

from bonkei.terraform.runs.endings import Endings


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
