"""Imports a program's modules without what an import does in vain."""

from __future__ import annotations

import atexit
import gc
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

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
    would take 2 MiB for ever.
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
    """Import aiohttp without the authorities that the system trusts. Before the first thread.

    It reads all of them when it is imported, for a context that it uses unless it is given one:
    1.7 MiB, and 8 ms of a processor. So whoever speaks TLS here gives a context.
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


class _Inspect(ModuleType):
    """`inspect`, loaded when somebody first asks it for something else."""

    @staticmethod
    def get_annotations(of: type) -> dict[str, Any]:
        """The class's own, as they are written: Python 3.13 asks for those of each dataclass."""
        return dict(vars(of).get("__annotations__") or {})

    def __getattr__(self, name: str) -> Any:
        import inspect  # noqa: PLC0415 - see `late_inspect`

        return getattr(inspect, name)


@contextmanager
def late_inspect() -> Iterator[None]:
    """Import `dataclasses` without `inspect`, which it needs for a class without a docstring alone.

    With the parser and the disassembler behind it, `inspect` takes a seventh of what a start of
    `docker` takes in a build.
    """
    if "inspect" in sys.modules:
        yield
        return
    sys.modules["inspect"] = _Inspect("inspect")
    try:
        yield
    finally:
        del sys.modules["inspect"]
