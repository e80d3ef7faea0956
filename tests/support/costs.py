"""What each file of tests costs: seconds of a processor, in the tests and in what they start.

Other work of the machine makes tests wait longer. It hardly changes these seconds.

Not in them: what runs in the background after the command that has started it (`bonkei up --detach`
with its builds). So the end of a run also says for how long the machine's processors had no work.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import psutil
import pytest
from lanes import LONG, SHARED, unit

KEY = "processor seconds"
AT_THE_END = "what a worker's tests share, at its end"
SLOW = 10.0
"""Seconds of a processor from which a file has to say why."""


def used() -> float:
    """Seconds of a processor, of this process and of the ended ones that it has started."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


@dataclass(frozen=True, slots=True)
class Machine:
    """Seconds of all processors together: since the start, and those without any work."""

    all: float
    idle: float

    @classmethod
    def now(cls) -> Machine:
        times = psutil.cpu_times()._asdict()
        kinds = [name for name in times if not name.startswith("guest")]  # `user` has them, too
        return cls(sum(times[name] for name in kinds), times["idle"] + times.get("iowait", 0.0))

    def since(self, before: Machine) -> str:
        passed, idle = self.all - before.all, self.idle - before.idle
        return f"All processors of the machine: {passed:.0f} s, {idle:.0f} s of them without work"


class Costs:
    """Adds up the reports, which come from the workers."""

    def __init__(self) -> None:
        self._machine = Machine.now()
        self._began = used()
        self.by_file: Counter[str] = Counter()
        self.clock: Counter[str] = Counter()
        self.ended: dict[str, float] = {}  # for each worker, when its last report ended
        self._is_last = False

    def pytest_collection_finish(self) -> None:
        """What the collection has cost belongs to no file."""
        self._began = used()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, nextitem: pytest.Item | None) -> None:
        self._is_last = nextitem is None

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> None:
        """Note the seconds since the report before. What a worker's tests share ends with its last
        one, and belongs to no file.
        """
        now = used()
        others = [found for found in item.user_properties if found[0] != KEY]
        item.user_properties = [*others, (KEY, round(now - self._began, 3))]
        if self._is_last and call.when == "teardown":
            item.user_properties.append((AT_THE_END, True))
        self._began = now

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Each phase of a test has a report of its own."""
        file = report.nodeid.partition("::")[0]
        noted = {key: value for key, value in report.user_properties if key in (KEY, AT_THE_END)}
        self.by_file[AT_THE_END if AT_THE_END in noted else file] += float(str(noted.get(KEY, 0)))
        self.clock[file] += report.duration
        gateway = getattr(getattr(report, "node", None), "gateway", None)  # what xdist adds
        self.ended[getattr(gateway, "id", "this process")] = report.stop

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Only for a run of many files."""
        if len(self.by_file) > 1:
            for line in [*summary(self.by_file), *waits(self.clock, self.ended)]:
                terminalreporter.write_line(line)
            terminalreporter.write_line(Machine.now().since(self._machine))


def summary(by_file: Mapping[str, float], why: Iterable[str] = (*LONG, *SHARED)) -> list[str]:
    """The sum, the files that cost most, and those that do not say why."""
    ranked = sorted(by_file.items(), key=lambda found: -found[1])
    lines = [f"{sum(by_file.values()):.0f} s of a processor; most in:"]
    lines += [f"{seconds:7.1f} s  {file}" for file, seconds in ranked[:10] if seconds >= 1]
    said = set(why)
    if silent := [
        file
        for file, seconds in ranked
        if seconds > SLOW
        and file != AT_THE_END
        and not {file, unit(file), file.rpartition("/")[0]} & said
    ]:
        lines.append(f"more than {SLOW:.0f} s, and tests/support/lanes.py does not say why:")
        lines += [f"  {file}" for file in silent]
    return lines


def waits(clock: Mapping[str, float], ended: Mapping[str, float]) -> list[str]:
    """The files that take longest by the clock, and how long before the last worker each ended."""
    ranked = sorted(clock.items(), key=lambda found: -found[1])
    lines = [f"{sum(clock.values()):.0f} s by the workers' clocks; most in:"]
    lines += [f"{seconds:7.1f} s  {file}" for file, seconds in ranked[:10] if seconds >= 1]
    last = max(ended.values(), default=0.0)
    early = ", ".join(f"{worker} {last - end:.0f} s" for worker, end in sorted(ended.items()))
    return [*lines, f"before the end, the last test ended in {early}"]
