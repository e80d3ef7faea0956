"""Numbers in words: ports, sizes and durations come again and again."""

from __future__ import annotations

_MOST = 4_096


class Digits(dict[int, str]):
    """The decimal digits of a whole number, remembered for a bounded number of them."""

    __slots__ = ()

    def __missing__(self, number: int) -> str:
        if len(self) >= _MOST:
            self.clear()
        found = self[number] = f"{number}"
        return found


class Durations(dict[float, str]):
    """Seconds with three decimals, remembered for a bounded number of durations."""

    __slots__ = ()

    def __missing__(self, seconds: float) -> str:
        if len(self) >= _MOST:
            self.clear()
        found = self[seconds] = f"{seconds:.3f}"
        return found


DIGITS = Digits()
DURATIONS = Durations()
