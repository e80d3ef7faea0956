"""What tests leave unclosed, as Python's search for garbage finds it.

The search comes at any time, and after each file. So it does not fail the test that happens to run
then: that one is innocent, and passes the next time. A run reports each find, and fails with more
than `MOST` of them. A rig that closes nothing shows in many tests; one connection that a busy
machine cut at the end of a loop does not.
"""

from __future__ import annotations

import gc
import warnings
from collections.abc import Generator

import pytest

MOST = 2


class Leaks:
    """Counts the finds of all workers."""

    def __init__(self) -> None:
        self.found: list[str] = []

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(
        self, item: pytest.Item, nextitem: pytest.Item | None
    ) -> Generator[None, object, object]:
        """What stays after a file is left out of every later search: there are hundreds, each
        through all that the tests before have loaded.
        """
        done = yield
        if nextitem is not None and nextitem.path != item.path:
            gc.collect()
            gc.freeze()
        return done

    def pytest_warning_recorded(
        self, warning_message: warnings.WarningMessage, nodeid: str
    ) -> None:
        if issubclass(warning_message.category, pytest.PytestUnraisableExceptionWarning):
            self.found.append(nodeid)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if len(self.found) > MOST and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self.found:
            tests = "\n".join(f"   {test}" for test in self.found)
            terminalreporter.write_line(
                f"{len(self.found)} left unclosed, of which {MOST} are forgiven; found in, or"
                f" after, these tests:\n{tests}"
            )
