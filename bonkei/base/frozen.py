"""Makes frozen dataclasses in less time and memory.

Up to Python 3.12 each of them gets methods of its own, each compiled from text. With 600 of them
that is a third of a start's imports and 3 MiB. Here all share `__setattr__`, `__delattr__` and
`__repr__`, and the others are compiled when they are first looked at: most classes that a process
imports have no instance there. Python 3.13 compiles all methods of a class together, and is left as
it is.
"""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable, Sequence
from dataclasses import MISSING, Field, FrozenInstanceError, fields
from reprlib import recursive_repr
from typing import Any

# In CPython's Lib/dataclasses.py, till 3.12.
_MAKE, _MAKE_REPR = "_frozen_get_del_attr", "_repr_fn"
_MAKE_INIT, _MAKE_COMPARISON, _MAKE_HASH = "_init_fn", "_cmp_fn", "_hash_fn"


def share_methods() -> None:
    """From now on. The rules are those of `dataclasses`: a subclass that is no dataclass may have
    further attributes."""
    if sys.version_info < (3, 13):
        setattr(dataclasses, _MAKE, lambda *_: (_Frozen.__setattr__, _Frozen.__delattr__))
        setattr(dataclasses, _MAKE_REPR, lambda *_: _Frozen.__repr__)
        setattr(
            dataclasses, _MAKE_INIT, _after_a_check(_postponed(getattr(dataclasses, _MAKE_INIT)))
        )
        for maker in (_MAKE_COMPARISON, _MAKE_HASH):
            setattr(dataclasses, maker, _postponed(getattr(dataclasses, maker)))


def _postponed(make: Callable[..., Any]) -> Callable[..., Any]:
    """As `make`, but what it returns makes the method when somebody first looks at it."""
    return lambda *given, **options: _Late(make, given, options)


def _after_a_check(make: Callable[..., Any]) -> Callable[..., Any]:
    """As `make`, but a mistaken order of fields shows at once, when the class is made. `ordered`:
    those of `fields` that are not given by name only."""

    def made(fields: Any, ordered: Sequence[Field[Any]], *given: Any, **options: Any) -> Any:
        has_default = False
        for each in ordered:
            if not each.init:
                continue
            if each.default is not MISSING or each.default_factory is not MISSING:
                has_default = True
            elif has_default:
                raise TypeError(f"non-default argument {each.name!r} follows default argument")
        return make(fields, ordered, *given, **options)

    return made


class _Late:
    """In the place of a method. Whoever calls the method, or asks for its signature, finds the real
    one, which takes this place at the first look. There are two thousand, so each is small."""

    __slots__ = ("_given", "_make", "_options")

    def __init__(
        self, make: Callable[..., Any], given: tuple[Any, ...], options: dict[str, Any]
    ) -> None:
        self._make, self._given, self._options = make, given, options or None

    def __get__(self, one: object, kind: type) -> Any:
        method = self._make(*self._given, **(self._options or {}))
        for holder in kind.__mro__:
            for name in [name for name, found in vars(holder).items() if found is self]:
                method.__qualname__ = f"{holder.__qualname__}.{name}"
                setattr(holder, name, method)
        return method.__get__(one, kind)


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
