"""Bodies on their way into the cache are bounded."""

from __future__ import annotations

from bonkei.services.edge.cloudfront.capture import Budget, Capture


def test_single_bodies_and_their_sum_are_bounded_and_release_their_bytes() -> None:
    budget = Budget(each=10, together=15)
    first, second = Capture(budget), Capture(budget)
    assert first.add(b"x" * 6)
    assert first.add(b"y" * 4)
    assert not first.add(b"z")
    assert not second.add(b"x" * 6)
    assert second.add(b"x" * 5)
    assert budget.free == 0
    assert first.take() == b"x" * 6 + b"y" * 4
    assert second.add(b"y" * 5)
    second.drop()
    assert (budget.free, second.take()) == (15, b"")
