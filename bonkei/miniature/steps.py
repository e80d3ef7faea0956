"""Reports the start line by line: each step and its duration."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from textwrap import indent

Report = Callable[[str], None]


@dataclass(slots=True)
class Step:
    """One line of the start. `detail` may be set while it runs; `failed` marks a failure after
    which the start continues.
    """

    name: str
    detail: str = ""
    failed: bool = False


class Steps:
    """Reports each step when it ends. A failed step is reported, too, and its error is raised
    again."""

    def __init__(
        self, report: Report, clock: Callable[[], float] = time.monotonic, before: float = 0.0
    ) -> None:
        """`before`: seconds that have passed already."""
        self._report = report
        self._clock = clock
        self._begun = clock() - before

    @contextmanager
    def step(self, name: str) -> Iterator[Step]:
        begun = self._clock()
        step = Step(name)
        try:
            yield step
        except BaseException:
            self._report(_line("✗", step, self._clock() - begun))
            raise
        self._report(_line("✗" if step.failed else "✓", step, self._clock() - begun))

    def note(self, text: str) -> None:
        """Lines below a step, such as a package that is being installed."""
        self._report(indent(text, "    "))

    @property
    def elapsed(self) -> float:
        """Seconds since it began, including those before the first step."""
        return self._clock() - self._begun


def _line(mark: str, step: Step, seconds: float) -> str:
    return f"  {mark} {step.name:<12} {step.detail:<52} {seconds:6.1f} s".rstrip()
