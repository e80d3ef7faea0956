"""When alarms change their state.

The tables are AWS's own: "How alarm state is evaluated when data is missing",
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bonkei.services.cloudwatch.alarm.composite import RuleError, alarms_of, holds, parse_rule
from bonkei.services.cloudwatch.alarm.evaluation import (
    COMPARISONS,
    TREATMENTS,
    Criteria,
    State,
    evaluate,
)
from bonkei.services.cloudwatch.alarm.reason import number

KEEP = "keep"
THREE_OF_THREE = [
    ("0 - X - X", "OK OK OK OK"),
    ("0 - - - -", "OK OK OK OK"),
    ("- - - - -", "INSUFFICIENT_DATA keep ALARM OK"),
    ("0 X X - X", "ALARM ALARM ALARM ALARM"),
    ("- - X - -", "ALARM keep ALARM OK"),
]
TWO_OF_THREE = [
    ("0 - X - X", "ALARM ALARM ALARM ALARM"),
    ("0 0 X 0 X", "ALARM ALARM ALARM ALARM"),
    ("0 - X - -", "OK OK ALARM OK"),
    ("- - - - 0", "OK OK ALARM OK"),
    ("- - - X -", "ALARM keep ALARM OK"),
]


def points(text: str) -> list[float | None]:
    return [{"0": 0.0, "X": 2.0, "-": None}[sign] for sign in text.split()]


@pytest.mark.parametrize("current", list(State))
@pytest.mark.parametrize(
    ("m", "data", "expected"),
    [*((3, *row) for row in THREE_OF_THREE), *((2, *row) for row in TWO_OF_THREE)],
)
def test_tables_of_the_page(m: int, data: str, expected: str, current: State) -> None:
    for treatment, state in zip(TREATMENTS, expected.split(), strict=True):
        criteria = Criteria("GreaterThanThreshold", 1, m, 3, treatment)
        found = evaluate(points(data), criteria, current)

        assert found.state == (current if state == KEEP else state), treatment


@pytest.mark.parametrize("data", ["- - - - X", "- - - X -"])
def test_no_premature_alarm(data: str) -> None:
    # "the alarm does not go immediately into ALARM state … and Datapoints to Alarm is 3"
    criteria = Criteria("GreaterThanThreshold", 1, 3, 3)

    assert evaluate(points(data), criteria, State.OK).state is State.OK


def test_three_periods_have_a_range_of_five() -> None:
    assert Criteria("GreaterThanThreshold", 1, 3, 3).evaluation_range == 5


@pytest.mark.parametrize(
    ("comparison", "expected"),
    [
        ("GreaterThanOrEqualToThreshold", (False, True, True)),
        ("GreaterThanThreshold", (False, False, True)),
        ("LessThanThreshold", (True, False, False)),
        ("LessThanOrEqualToThreshold", (True, True, False)),
    ],
)
def test_comparisons(comparison: str, expected: tuple[bool, ...]) -> None:
    criteria = Criteria(comparison, 5, 1, 1)

    assert tuple(map(criteria.breaches, (4, 5, 6))) == expected


VALUES = st.lists(st.sampled_from([None, 0.0, 2.0]), min_size=3, max_size=9)


@given(
    data=VALUES,
    m=st.integers(1, 7),
    current=st.sampled_from(list(State)),
    missing=st.sampled_from(TREATMENTS),
    comparison=st.sampled_from(sorted(COMPARISONS)),
)
def test_properties_of_every_alarm(
    data: list[float | None], m: int, current: State, missing: str, comparison: str
) -> None:
    n = len(data) - 2
    criteria = Criteria(comparison, 1, min(m, n), n, missing)
    found = evaluate(data, criteria, current)
    real = [value for value in data if value is not None]
    bad = [criteria.breaches(value) for value in real]

    assert found.filled == max(0, n - len(real))
    assert len(found.used) <= n
    if found.state is State.INSUFFICIENT_DATA and current is not State.INSUFFICIENT_DATA:
        assert not real
        assert missing == "missing"
    if real and not any(bad) and missing != "breaching":
        assert found.state is State.OK
    # The treatment of missing data is not needed, and neither is the earlier state.
    if len(real) >= n:
        for other in TREATMENTS:
            same = Criteria(comparison, 1, min(m, n), n, other)
            assert all(evaluate(data, same, state).state is found.state for state in State)
    if len(bad) == len(data) and all(bad):
        assert found.state is State.ALARM


STATES = {"a": State.ALARM, "b": State.OK, "c": State.INSUFFICIENT_DATA, "d d": State.ALARM}


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("ALARM(a)", True),
        ('ALARM("a") AND OK(b)', True),
        ("ALARM(a) AND NOT OK(b)", False),
        ("ALARM(b) OR ALARM(a) AND OK(b)", True),
        ("(ALARM(b) OR ALARM(a)) AND ALARM(b)", False),
        ("INSUFFICIENT_DATA(c)", True),
        ("INSUFFICIENT_DATA(nobody)", True),
        ("NOT (ALARM(a) OR TRUE)", False),
        ("ALARM('d d')", True),
        ("ALARM(arn:aws:cloudwatch:eu-west-1:123456789012:alarm:a)", True),
        ("AT_LEAST(2, ALARM, (a, b, 'd d'))", True),
        ("AT_LEAST(3, ALARM, (a, b, 'd d'))", False),
        ("AT_LEAST(50%, NOT OK, (a, b))", True),
        ("FALSE", False),
    ],
)
def test_rules_of_composite_alarms(rule: str, expected: bool) -> None:
    assert holds(parse_rule(rule), STATES) is expected


@pytest.mark.parametrize(
    ("rule", "place"),
    [
        ("ALARM(a", 8),
        ("ALARMED(a)", 1),
        ("ALARM(a) OK(b)", 10),
        ("", 1),
        ("AT_LEAST(x, OK, (a))", 10),
    ],
)
def test_a_wrong_rule_is_reported_with_its_place(rule: str, place: int) -> None:
    with pytest.raises(RuleError, match=f"character {place}:"):
        parse_rule(rule)


def test_the_alarms_in_a_rule() -> None:
    assert list(alarms_of(parse_rule("ALARM(a) AND AT_LEAST(1, OK, (b, c))"))) == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (0, "0.0"), (3, "3.0"), (0.001, "0.001"), (0.00012, "1.2E-4"), (-5e-5, "-5.0E-5"),
        (9_999_999, "9999999.0"), (12_500_000, "1.25E7"), (1e16, "1.0E16"), (1.5e22, "1.5E22"),
    ],
)  # fmt: skip
def test_numbers_of_a_reason_are_written_as_cloudwatch_does(value: float, written: str) -> None:
    """The function that reads them for Slack knows AWS's form only."""
    assert number(value) == written
