"""Imports a program's modules without a search for garbage in them."""

from __future__ import annotations

import atexit
import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def importing() -> Iterator[None]:
    """Import without collections, and freeze the imported objects. For programs of their own.

    Modules leave objects that live as long as the process, nearly two hundred thousand in a
    miniature. The collections during their import walk through all of them several times and find
    nothing: a tenth to a fifth of a program's start. So does the one at its end, which is as vain:
    the memory goes with the process.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        atexit.register(gc.freeze)
        if was_enabled:
            gc.enable()
