"""The ids that the load balancer gives requests."""

from __future__ import annotations

import re

import pytest

from bonkei.services.edge.alb import target_head


def test_a_fresh_trace_has_the_second_in_which_it_was_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Also where the clock has gone back."""
    times = [0.5, 1_800_000_000.0, 1_800_000_000.999, 1_800_000_001.0, 1_799_999_999.5]
    clock = iter(times)
    monkeypatch.setattr(target_head.time, "time", lambda: next(clock))
    every = [target_head.fresh_trace() for _ in times]
    monkeypatch.undo()
    assert len(set(every)) == len(times)
    for moment, trace in zip(times, every, strict=True):
        match = re.fullmatch(rb"1-([0-9a-f]{8})-[0-9a-f]{24}", trace)
        assert match is not None
        assert int(match[1], 16) == int(moment)
