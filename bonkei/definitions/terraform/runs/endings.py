"""Processes that have done their work, and end while the next step already runs."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeAlias

Leave: TypeAlias = Callable[[Callable[[], None]], None]
"""Gets what waits for the end of a process, and sees to it."""


def awaited(end: Callable[[], None]) -> None:
    """Wait here and now."""
    end()


class Endings:
    """Ends processes in the background, because Terraform frees its memory for 30 ms and the
    provider takes 10. As a context manager, it waits for all of them at its end."""

    def __init__(self) -> None:
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Endings:
        return self

    def __exit__(self, *_: object) -> None:
        self.wait()

    def begin(self, end: Callable[[], None]) -> None:
        """Let a thread wait. Python itself waits for the thread before it ends."""
        thread = threading.Thread(target=end, name="ending")
        thread.start()
        self._threads.append(thread)

    def wait(self) -> None:
        """Wait until all of them have ended."""
        while self._threads:
            self._threads[-1].join()
            self._threads.pop()
