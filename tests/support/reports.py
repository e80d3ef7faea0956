"""What a worker reports of a test: one message instead of three, where all went well and quickly.

xdist packs each report in the worker, and unpacks it where it is printed, both in Python. For most
of ten thousand short tests that cost more than the test.
"""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from _pytest.runner import runtestprotocol
from costs import AT_THE_END, KEY

QUICK = 0.1
"""Seconds. A set-up or a teardown that takes longer has a report of its own, as `--durations` and
the costs at a worker's end want it.
"""


class Reports:
    """For workers: a process alone prints its reports itself."""

    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> bool:
        """As pytest's own, which reports each phase at its end."""
        hook = item.ihook
        hook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        for report in told(runtestprotocol(item, log=False, nextitem=nextitem)):
            hook.pytest_runtest_logreport(report=report)
        hook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
        return True


def told(reports: Sequence[pytest.TestReport]) -> Sequence[pytest.TestReport]:
    """Of a test that passed: the report of its call, with the costs and times of all phases."""
    if [report.when for report in reports if report.passed] != ["setup", "call", "teardown"]:
        return reports
    setup, call, teardown = reports
    costs = [seconds for report in reports for key, seconds in report.user_properties if key == KEY]
    others = [found for found in teardown.user_properties if found[0] != KEY]
    if max(setup.duration, teardown.duration) > QUICK or AT_THE_END in dict(others):
        return reports
    call.user_properties = [*others, (KEY, sum(float(str(seconds)) for seconds in costs))]
    call.sections = teardown.sections  # they grow from phase to phase
    call.keywords = {}  # no one asks a test that passed for them
    call.start, call.stop = setup.start, teardown.stop
    call.duration = sum(report.duration for report in reports)
    return [call]
