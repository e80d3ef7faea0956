"""A clock that is set back stops nothing."""

from __future__ import annotations

import pytest

from bonkei.base.clocks import has_passed


@pytest.mark.parametrize(
    ("now", "expected"), [(100.0, False), (109.9, False), (110.0, True), (99.0, True)]
)
def test_a_time_before_the_beginning_counts_as_over(now: float, expected: bool) -> None:
    assert has_passed(10.0, 100.0, now) is expected
