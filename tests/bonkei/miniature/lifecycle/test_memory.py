"""Long-lived objects are frozen; replaced ones are still freed. Threads share one heap."""

from __future__ import annotations

import ctypes
import gc
import subprocess
import sys
import weakref

import pytest

from bonkei.miniature.lifecycle.memory import settle_memory


class Routing:
    """Refers to itself, so only the collector can free it."""

    def __init__(self) -> None:
        self.me = self


def test_long_lived_objects_are_frozen_and_replaced_ones_are_freed() -> None:
    """All stays frozen afterwards, as do the tests of this process: see tests/conftest.py."""
    routing = Routing()
    seen = weakref.ref(routing)
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


THREADS = """\
import ctypes, sys, threading
from bonkei.miniature.lifecycle.memory import use_one_heap
if "one" in sys.argv:
    use_one_heap()
threads = [threading.Thread(target=bytearray, args=(10_000,)) for _ in range(3)]
for each in threads:
    each.start()
for each in threads:
    each.join()
ctypes.CDLL(None).malloc_stats()
"""


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "malloc_stats"), reason="not glibc")
@pytest.mark.parametrize(("words", "alone"), [(("one",), True), ((), False)])
def test_threads_share_the_heap_of_the_process(words: tuple[str, ...], alone: bool) -> None:
    shown = subprocess.run(
        [sys.executable, "-c", THREADS, *words], capture_output=True, text=True, check=True
    ).stderr
    assert "Arena 0:" in shown
    assert ("Arena 1:" not in shown) is alone
