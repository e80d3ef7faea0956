"""Long-lived objects are frozen; replaced ones are still freed."""

from __future__ import annotations

import gc
import weakref

from bonkei.miniature.lifecycle.memory import settle_memory


class Routing:
    """Refers to itself, so only the collector can free it."""

    def __init__(self) -> None:
        self.me = self


def test_long_lived_objects_are_frozen_and_replaced_ones_are_freed() -> None:
    routing = Routing()
    seen = weakref.ref(routing)
    try:
        settle_memory()
        assert gc.get_freeze_count() > 0
        del routing
        gc.collect()
        assert seen() is not None
        settle_memory()
        assert seen() is None
    finally:
        gc.unfreeze()
