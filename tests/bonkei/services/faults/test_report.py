"""What visitors noticed."""

from __future__ import annotations

from dataclasses import asdict
from xml.etree import ElementTree as ET

import pytest

from bonkei.services.faults.drill.latency import add, bucket, middle, percentile
from bonkei.services.faults.drill.report import Rang, Report, Second, Struck, junit_xml, make_report
from bonkei.services.faults.drill.requests import bucket as bucket_of_the_program
from bonkei.services.faults.drill.scenario import Expectations, Load, Scenario
from bonkei.services.faults.drill.text import render

NOTHING = Expectations()
QUICK, SLOW = bucket(10.0), bucket(900.0)


def second(number: int, *, failed: int = 0, slow: bool = False) -> Second:
    return Second(
        number, 10, {"200": 10 - failed, "503": failed} if failed else {"200": 10},
        {"503": failed} if failed else {}, {SLOW if slow else QUICK: 10 - failed},
    )  # fmt: skip


def report(
    seconds: list[Second],
    *faults: Struck,
    expect: Expectations = NOTHING,
    alarms: tuple[Rang, ...] = (),
    broken_off: str = "",
) -> Report:
    scenario = Scenario("a drill", 20.0, Load(), (), expect)
    return make_report(scenario, seconds, faults, alarms, broken_off)


KILL = Struck("kill service:web", 5.2, 5.2, ("web 1",))


@pytest.mark.parametrize("milliseconds", [0.05, 0.1, 1.0, 9.7, 250.0, 30_000.0])
def test_a_bucket_is_right_to_two_percent(milliseconds: float) -> None:
    assert middle(bucket(milliseconds)) == pytest.approx(max(milliseconds, 0.1), rel=0.021)
    assert bucket(milliseconds) == bucket_of_the_program(milliseconds)


def test_percentiles() -> None:
    counts = add([{bucket(10): 90}, {bucket(100): 9}, {bucket(1000): 1}])
    assert percentile(counts, 50) == pytest.approx(10, rel=0.03)
    assert percentile(counts, 99) == pytest.approx(100, rel=0.03)
    assert percentile(counts, 100) == pytest.approx(1000, rel=0.03)
    assert percentile({}, 50) is None


def test_before_during_after() -> None:
    found = report([second(n, failed=5 if 5 <= n < 9 else 0) for n in range(20)], KILL)
    before, during, after, whole = found.phases
    assert [one.requests for one in found.phases] == [50, 40, 110, 200]
    assert [one.failed for one in found.phases] == [0, 20, 0, 20]
    assert (before.seconds, during.seconds, after.seconds, whole.seconds) == (5, 4, 11, 20)
    assert (found.disturbed, found.recovery) == (4, pytest.approx(3.8))
    assert found.failures == {"503": 20}


def test_slow_answers_are_noticed_too() -> None:
    seconds = [second(n, slow=6 <= n < 8) for n in range(20)]
    found = report(seconds, Struck("slow service:web", 6.0, 8.0))
    assert (found.disturbed, found.recovery) == (2, 2.0)
    assert found.phases[1].p99 == pytest.approx(900, rel=0.03)


def test_what_failed_before_the_first_fault_is_not_its_doing() -> None:
    found = report([second(n, failed=n == 2) for n in range(10)], KILL)
    assert (found.disturbed, found.recovery) == (0, 0.0)
    assert found.phases[0].failed == 1


def test_what_is_still_bad_at_the_end_has_not_recovered() -> None:
    found = report([second(n, failed=n >= 6) for n in range(10)], KILL)
    assert found.recovery is None
    assert found.phases[1].seconds == 5
    assert found.phases[2].requests == 0


def test_a_lasting_fault_is_during_until_its_end() -> None:
    found = report([second(n) for n in range(20)], Struck("freeze x", 5.0, None))
    assert found.phases[1].seconds == 15
    assert found.disturbed == 0


def test_nothing_was_sent() -> None:
    found = report([], expect=Expectations(failures=0.5, latency=1.0))
    assert [one.met for one in found.verdicts] == [False, False]
    assert "no answer" in render(asdict(found))


EXPECT = Expectations(0.05, 0.5, 5.0, ("web-5xx",), True)


def test_all_as_expected() -> None:
    seconds = [second(n, failed=n == 6) for n in range(40)]
    found = report(seconds, KILL, expect=EXPECT, alarms=(Rang("app-web-5xx", 8.0, 15.0),))
    assert [one.met for one in found.verdicts] == [True] * 5
    assert found.met


def test_nothing_as_expected() -> None:
    seconds = [second(n, failed=9 if n > 8 else 0, slow=n > 4) for n in range(20)]
    found = report(seconds, KILL, expect=EXPECT, alarms=(Rang("app-api-5xx", 8.0),))
    assert [(one.what, one.met) for one in found.verdicts] == [
        ("failures", False),
        ("latency, 99 %", False),
        ("recovery", False),
        ("alarm web-5xx", False),
        ("other alarms", False),
    ]
    assert not found.met


def test_a_fault_that_could_not_begin_fails_the_drill() -> None:
    found = report([second(0)], Struck("kill x", 1.0, 1.0, (), "there is no target x"))
    assert [one.found for one in found.verdicts] == ["there is no target x"]
    assert not found.met
    assert "could not begin: there is no target x" in render(asdict(found))


def test_a_drill_that_was_broken_off_is_not_as_expected() -> None:
    found = report([second(n, failed=n == 5) for n in range(8)], KILL, broken_off="by hand")
    assert not found.met
    assert found.recovery is None
    assert "(broken off: by hand)" in render(asdict(found))


def test_the_text() -> None:
    found = report(
        [second(n, failed=5 if n == 5 else 0) for n in range(20)],
        KILL, Struck("slow db", 6.0, 9.0, ("database db",)),
        expect=Expectations(recovery=9.0), alarms=(Rang("app-web-5xx", 8.0, 15.0),),
    )  # fmt: skip
    text = render(asdict(found))
    assert "failed: 5 × 503" in text
    assert "5 s  kill service:web: web 1" in text
    assert "6 s  slow db, 3 s: database db" in text
    assert "8 s  alarm app-web-5xx rang, back after 15 s" in text
    assert (
        "visitors noticed it in 1 second; everything was healthy again 1 s after the first fault"
        in text
    )
    assert "✓ recovery: at most 9 s; 1 s" in text


def test_junit() -> None:
    found = report([second(n, failed=9) for n in range(9)], KILL, expect=EXPECT, broken_off="<x>")
    suite = ET.fromstring(junit_xml(asdict(found)))  # noqa: S314 - of ours
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("5", "3", "1")
    assert len(suite.findall("testcase/failure")) == 3
