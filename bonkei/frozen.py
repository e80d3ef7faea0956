"""Makes frozen dataclasses in less time and memory.

Up to Python 3.12 each of them gets a `__setattr__`, a `__delattr__` and a `__repr__` of its own,
compiled from text. With 600 of them that is a fifth of a start's imports and 3 MiB. Here all share
three. Python 3.13 compiles all methods of a class together, and is left as it is.
"""

from __future__ import annotations

import dataclasses
from dataclasses import FrozenInstanceError, fields
from reprlib import recursive_repr
from typing import Any

_MAKE, _MAKE_REPR = "_frozen_get_del_attr", "_repr_fn"  # in CPython's Lib/dataclasses.py, till 3.12


def share_methods() -> None:
    """From now on. The rules are those of `dataclasses`: a subclass that is no dataclass may have
    further attributes."""
    if hasattr(dataclasses, _MAKE):
        setattr(dataclasses, _MAKE, lambda *_: (_Frozen.__setattr__, _Frozen.__delattr__))
        setattr(dataclasses, _MAKE_REPR, lambda *_: _Frozen.__repr__)


class _Frozen:
    """The methods of all. `self` is any of them."""

    def __setattr__(self, name: str, value: object) -> None:
        if _is_fixed(self, name):
            raise FrozenInstanceError(f"cannot assign to field {name!r}")
        object.__setattr__(self, name, value)

    def __delattr__(self, name: str) -> None:
        if _is_fixed(self, name):
            raise FrozenInstanceError(f"cannot delete field {name!r}")
        object.__delattr__(self, name)

    @recursive_repr()
    def __repr__(self) -> str:
        shown = [each.name for each in fields(self) if each.repr]  # type: ignore[arg-type]
        values = ", ".join(f"{name}={getattr(self, name)!r}" for name in shown)
        return f"{type(self).__qualname__}({values})"


def _is_fixed(one: Any, name: str) -> bool:
    kind = type(one)
    return "__dataclass_params__" in kind.__dict__ or name in kind.__dataclass_fields__
