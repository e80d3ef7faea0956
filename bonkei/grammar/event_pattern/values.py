"""A condition on one value, and the refusal of a pattern."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bonkei.base.errors import BonkeiError

Test = Callable[[Any], bool]
Tokens = tuple[str, ...]
Steps = tuple[str | int, ...]

STAR = "*"
TO_ITS_END = -1
"""A step into a text that Event Ruler had read; of others, it knows that they begin."""


class EventPatternError(BonkeiError):
    """A pattern that EventBridge refuses. The message names the place; `reason` is AWS's. `at`:
    what Event Ruler read last, as the keys and numbers that lead to it; None if it had read all."""

    def __init__(
        self, reason: str, place: str = "", *, remedy: str = "", at: Steps | None = None
    ) -> None:
        super().__init__(f"{place}: {reason}" if place else reason, remedy=remedy)
        self.reason = reason
        self.at = at

    def below(self, *steps: str | int) -> Steps | None:
        """`at`, after these."""
        return None if self.at is None else (*steps, *self.at)


@dataclass(frozen=True, slots=True)
class Condition:
    """`holds`: for a value that is not an object or a list. `text` is what it was made of.
    `is_absence`: it wants no value. `wildcards`: their characters, where `*` alone is a star."""

    text: str
    holds: Test
    is_absence: bool = False
    wildcards: tuple[Tokens, ...] = ()


def require_text(argument: Any, name: str, at: Steps = ()) -> str:
    if not isinstance(argument, str):
        raise EventPatternError(f"{name} match pattern must be a string", at=at)
    return argument
