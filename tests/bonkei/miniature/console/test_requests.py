"""The mark beside the requests in the navigation."""

from __future__ import annotations

from rows import rows_of

from bonkei.miniature.console.requests import failed_badge
from bonkei.miniature.requests.recorder import Recorder
from tests.bonkei.services.console.samples.requests import record


def test_what_failed_in_the_last_minutes_is_counted_also_before_a_page_was_open() -> None:
    now = 1_000.0
    recorder = Recorder(lambda: now)
    assert failed_badge(recorder) is None
    recorder.seen(rows_of(record("/old", 500)))
    now += 299
    recorder.seen(rows_of(record("/", 200), record("/a", 503), record("/slow", seconds=2.0)))
    assert failed_badge(recorder) == {"text": "2", "kind": "bad"}
    now += 2
    assert failed_badge(recorder) == {"text": "1", "kind": "bad"}
