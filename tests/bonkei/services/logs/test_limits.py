"""The limits of PutLogEvents: "PutLogEvents" (docs.aws.amazon.com/AmazonCloudWatchLogs)."""

from __future__ import annotations

import pytest

from bonkei.services.logs.errors import LogsError
from bonkei.services.logs.store.limits import Rejected, judge

NOW = 1_700_000_000_000
HOUR = 3_600_000
DAY = 24 * HOUR


def test_accepts_a_valid_batch() -> None:
    events = [(NOW - 1, "one"), (NOW, "two"), (NOW + 2 * HOUR, "as new as may be")]
    assert judge(events, NOW, 0) == (events, Rejected())


@pytest.mark.parametrize(
    ("events", "said"),
    [
        ([], "Member must have length between 1 and 10000"),
        ([(NOW, "x")] * 10_001, "Member must have length between 1 and 10000"),
        ([(NOW, "x"), (NOW, "")], r"logEvents\.2\.member\.message"),
        ([(NOW, "x"), (NOW - 1, "y")], "chronological order"),
        ([(NOW - DAY - 1, "x"), (NOW, "y")], "cannot span more than 24 hours"),
        ([(NOW, "x" * (1_048_576 - 25))], "Log event too large: 1048577 bytes"),
        ([(NOW, "é" * (524_288 - 12))], "Log event too large: 1048578 bytes"),
        ([(NOW, "x" * 1000)] * 1023, "Upload too large: 1049598 bytes exceeds limit of 1048576"),
    ],
    ids=["none", "too-many", "empty", "order", "span", "large-event", "utf-8", "large-batch"],
)
def test_refuses_a_whole_batch(events: list[tuple[int, str]], said: str) -> None:
    with pytest.raises(LogsError, match=said) as caught:
        judge(events, NOW, 0)
    assert caught.value.code == "InvalidParameterException"


def test_counts_26_bytes_for_each_event() -> None:
    """Overhead alone fills a batch: 10,000 events of 78 bytes fit into one batch, 10,000 of 79
    do not.
    """
    judge([(NOW, "x" * 78)] * 10_000, NOW, 0)
    with pytest.raises(LogsError, match="Upload too large"):
        judge([(NOW, "x" * 79)] * 10_000, NOW, 0)


def test_rejects_events_too_far_in_the_future() -> None:
    events = [(NOW, "now"), (NOW + 2 * HOUR + 1, "later"), (NOW + 3 * HOUR, "still later")]
    assert judge(events, NOW, 0) == (events[:1], Rejected(too_new_from=1))


def test_rejects_events_older_than_14_days() -> None:
    events = [(NOW - 14 * DAY - 1, "old"), (NOW - 14 * DAY, "as old as may be")]
    assert judge(events, NOW, 0) == (events[1:], Rejected(too_old_until=1))


def test_rejects_events_beyond_the_retention() -> None:
    events = [(NOW - DAY - 2, "a"), (NOW - DAY - 1, "b"), (NOW - DAY, "c")]
    assert judge(events, NOW, 1) == (events[2:], Rejected(expired_until=2))


def test_may_reject_every_event() -> None:
    taken, rejected = judge([(NOW + DAY, "x")], NOW, 0)
    assert not taken
    assert rejected == Rejected(too_new_from=0)
