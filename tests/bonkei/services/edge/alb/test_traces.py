"""Fresh ids for X-Amzn-Trace-Id."""

from __future__ import annotations

import re

from bonkei.services.edge.alb.target_head import Traces


def test_a_fresh_trace_has_the_second_in_which_it_was_made() -> None:
    """Also where the clock has gone back, and after so many in one second that a sheet is full."""
    times = [0.5, 1_800_000_000.0, 1_800_000_000.999, 1_800_000_001.0, 1_799_999_999.5]
    times += [1_800_000_002.0] * 600
    clock = iter(times)
    traces = Traces(lambda: next(clock))
    every = [traces.fresh() for _ in times]
    assert len(set(every)) == len(times)
    for moment, trace in zip(times, every, strict=True):
        match = re.fullmatch(rb"1-([0-9a-f]{8})-[0-9a-f]{24}", trace)
        assert match is not None
        assert int(match[1], 16) == int(moment)
