"""Imports a program's modules without the work that an import usually wastes."""

from __future__ import annotations

import atexit
import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager

_NEW_OBJECTS = 5_000  # between two searches
_NEVER = 1_000_000


@contextmanager
def importing(*, stays: bool = False) -> Iterator[None]:
    """Import without collections, and freeze the imported objects. For programs of their own.

    Modules leave objects that live as long as the process, nearly two hundred thousand in a
    miniature. The collections during their import walk through all of them several times and find
    little: a tenth to a fifth of a program's start. So does the one at its end, which is vain: the
    memory goes with the process.

    `stays`: the process runs for long. Then each object is looked at once, soon after it was made:
    10 ms of a miniature's start. A dataclass with slots replaces a class, and the replaced ones
    would take 2 MiB for good.
    """
    was_enabled, usual = gc.isenabled(), gc.get_threshold()
    if stays:
        gc.set_threshold(_NEW_OBJECTS, _NEVER, _NEVER)
    else:
        gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        atexit.register(gc.freeze)
        gc.set_threshold(*usual)
        if was_enabled:
            gc.enable()


@contextmanager
def without_certificates() -> Iterator[None]:
    """Import aiohttp without loading the system's certificate authorities. Call this before the
    first thread starts. aiohttp reads all of them when it is imported, for a default TLS context:
    1.7 MiB and 8 ms of CPU time. Code that speaks TLS here passes its own context instead.

    It reads all of them when it is imported, for a context that it uses unless it is given one:
    1.7 MiB, and 8 ms of a processor. So code that speaks TLS here gives a context.
    """
    name = "SSL_CERT_FILE"  # OpenSSL's
    usual = os.environ.get(name)
    os.environ[name] = os.devnull
    try:
        yield
    finally:
        del os.environ[name]
        if usual is not None:
            os.environ[name] = usual
