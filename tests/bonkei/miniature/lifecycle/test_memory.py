"""Long-lived objects are frozen; replaced ones are still freed."""

from __future__ import annotations

import gc
import weakref

from bonkei.miniature.lifecycle.memory import importing, settle_memory


class Routing:
    """Refers to itself, so only the collector can free it."""

    def __init__(self) -> None:
        self.me = self


def test_long_lived_objects_are_frozen_and_replaced_ones_are_freed() -> None:
    routing = Routing()
    seen = weakref.ref(routing)
    try:
        settle_memory(has_replaced=False)
        assert gc.get_freeze_count() > 0
        del routing
        gc.collect()
        assert seen() is not None
        settle_memory(has_replaced=False)
        assert seen() is not None
        for _ in range(100):  # a collection that another thread is in is not repeated
            settle_memory(has_replaced=True)
            if seen() is None:
                break
        assert seen() is None
    finally:
        gc.unfreeze()


def test_nothing_is_collected_during_an_import_and_its_objects_are_frozen() -> None:
    collections: list[str] = []

    def note(phase: str, _: dict[str, int]) -> None:
        collections.append(phase)

    gc.callbacks.append(note)
    try:
        with importing():
            made = [[] for _ in range(100_000)]
            assert not gc.isenabled()
        assert collections == []
        assert gc.isenabled()
        assert gc.get_freeze_count() > len(made)
    finally:
        gc.callbacks.remove(note)
        gc.unfreeze()
