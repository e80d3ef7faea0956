"""Health as a value.

"Health checks for Application Load Balancer target groups": a new target "must pass one health
check to be considered healthy". After that, consecutive failures and successes count towards the
thresholds.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bonkei.services.edge.targets.target_health import NEW, Health, Outcome, after, matches

PASS, FAIL = Outcome(True), Outcome(False, "Target.Timeout")


def run(*outcomes: Outcome, start: Health = NEW) -> list[str]:
    states, health = [], start
    for outcome in outcomes:
        health = after(health, outcome, healthy=3, unhealthy=2)
        states.append(health.state)
    return states


def test_a_new_target_needs_one_success() -> None:
    assert run(PASS) == ["healthy"]
    assert run(FAIL, PASS) == ["initial", "healthy"]


def test_thresholds_count_consecutive_checks() -> None:
    assert run(PASS, FAIL, PASS, FAIL, FAIL) == [*["healthy"] * 4, "unhealthy"]
    sick = run(FAIL, FAIL, PASS, PASS, FAIL, PASS, PASS, PASS)
    assert sick == ["initial", *["unhealthy"] * 6, "healthy"]


@given(st.lists(st.booleans(), max_size=40))
def test_a_change_needs_its_threshold_of_consecutive_checks(results: list[bool]) -> None:
    health = NEW
    for position, passed in enumerate(results):
        before = health
        health = after(before, PASS if passed else FAIL, healthy=3, unhealthy=2)
        tail = results[: position + 1]
        if before.state == "unhealthy" and health.state == "healthy":
            assert tail[-3:] == [True] * 3
        if before.state == "healthy" and health.state == "unhealthy":
            assert tail[-2:] == [False] * 2


@pytest.mark.parametrize(
    ("matcher", "status", "expected"),
    [("200", 200, True), ("200", 201, False), ("200,302", 302, True), ("200-299", 204, True),
     ("200-299", 300, False), ("200-202,404", 404, True)],
)  # fmt: skip
def test_matchers(matcher: str, status: int, expected: bool) -> None:
    assert matches(matcher, status) is expected
