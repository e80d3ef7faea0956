"""A worker reports a test in one message, unless there is something to say of its other phases."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from costs import AT_THE_END, KEY
from reports import QUICK, told

SUPPORT = Path(__file__).parents[1] / "support"
PHASES = ("setup", "call", "teardown")
pytest_plugins = "pytester"

_START = """
    import reports
    from costs import Costs
    from reports import Reports

    reports.QUICK = 60.0  # a busy machine must not fail it

    def pytest_configure(config):
        config.pluginmanager.register(Costs())
        if hasattr(config, "workerinput"):
            config.pluginmanager.register(Reports())

    received = []

    def pytest_runtest_logreport(report):
        received.append(f"{report.nodeid} {report.when}")

    def pytest_terminal_summary(terminalreporter):
        terminalreporter.write_line("received " + ", ".join(received))
"""
_TESTS = """
    import pytest

    @pytest.fixture
    def broken():
        yield
        raise ValueError

    def test_a_success(): ...
    def test_a_failure(): assert False
    def test_a_failed_end(broken): ...
    @pytest.mark.skip
    def test_a_skip(): ...
"""


def phase(when: str, outcome: str = "passed", seconds: float = 0.01, **more: Any) -> Any:
    properties = [("a", when), (KEY, 0.5), *more.items()]
    return pytest.TestReport(
        nodeid="test_it", location=("", 0, ""), keywords={"test_it": 1}, outcome=outcome,  # type: ignore[arg-type]
        longrepr=None, when=when, sections=[("Captured log", when)], duration=seconds,  # type: ignore[arg-type]
        start=PHASES.index(when), stop=PHASES.index(when) + 1, user_properties=properties,
    )  # fmt: skip


def names(reports: Sequence[pytest.TestReport]) -> list[str]:
    return [str(report.when) for report in reports]


def test_a_call_stands_for_all_phases() -> None:
    [report] = told([phase(when) for when in PHASES])
    assert (report.when, report.start, report.stop) == ("call", 0, 3)
    assert report.duration == pytest.approx(0.03)
    assert report.user_properties == [("a", "teardown"), (KEY, 1.5)]
    assert report.sections == [("Captured log", "teardown")]


@pytest.mark.parametrize("failed", PHASES)
def test_a_failure_is_reported_phase_by_phase(failed: str) -> None:
    reports = [phase(when, "failed" if when == failed else "passed") for when in PHASES]
    assert names(told(reports)) == list(PHASES)


@pytest.mark.parametrize("slow", ["setup", "teardown"])
def test_a_slow_phase_has_its_report(slow: str) -> None:
    reports = [phase(when, seconds=2 * QUICK if when == slow else 0.0) for when in PHASES]
    assert names(told(reports)) == list(PHASES)


def test_the_end_of_a_worker_has_its_report() -> None:
    reports = [phase("setup"), phase("call"), phase("teardown", **{AT_THE_END: True})]
    assert names(told(reports)) == list(PHASES)


def test_a_skipped_test_has_its_reports() -> None:
    assert names(told([phase("setup", "skipped"), phase("teardown")])) == ["setup", "teardown"]


@pytest.mark.parametrize("workers", [0, 2])
def test_a_run_says_the_same_with_workers(pytester: pytest.Pytester, workers: int) -> None:
    pytester.makeini(f"[pytest]\npythonpath = {SUPPORT}\n")
    pytester.makeconftest(_START)
    pytester.makepyfile(test_one=_TESTS, test_other=_TESTS)
    run = pytester.runpytest_subprocess("-n", str(workers), "-rA")
    run.assert_outcomes(passed=4, failed=2, errors=2, skipped=2)
    assert run.ret == 1
    [line] = [line for line in run.outlines if line.startswith("received ")]
    of_a_success = [each for each in line.split(", ") if "test_one.py::test_a_success" in each]
    assert len(of_a_success) == (1 if workers else 3)
