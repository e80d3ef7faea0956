"""Bodies on their way into the cache are bounded."""

from __future__ import annotations

from bonkei.services.edge.cloudfront.capture import Capture, Room


def test_single_bodies_and_their_sum_are_bounded_and_release_their_bytes() -> None:
    room = Room(each=10, together=15)
    first, second = Capture(room), Capture(room)
    assert first.add(b"x" * 6)
    assert first.add(b"y" * 4)
    assert not first.add(b"z")
    assert not second.add(b"x" * 6)
    assert second.add(b"x" * 5)
    assert room.free == 0
    assert first.take() == b"x" * 6 + b"y" * 4
    assert second.add(b"y" * 5)
    second.drop()
    assert (room.free, second.take()) == (15, b"")
