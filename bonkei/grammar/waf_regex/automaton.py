"""Finds a regular expression in bytes, and looks at each byte only once.

Python's `re` tries one way after another. With `(a+)+$` and forty `a`, that takes hours, and
nothing else happens meanwhile. Here all ways are followed together: a state is the set of the
places in the expression that the bytes so far can lead to. States are made when they are first
needed, and kept. Only making them takes long, so it is limited.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from bonkei.grammar.waf_regex.errors import RegexNotSimulatedError
from bonkei.grammar.waf_regex.tree import (
    LINE_END,
    WORD,
    Alternatives,
    Assertion,
    Bytes,
    Node,
    Place,
    Repetition,
    Sequence,
)

_MOST_PLACES = 1_000
_MOST_STATES = 200
_MOST_LOOKS = 500_000  # at places, for one value: a tenth of a second
_LAST_LINE_END, _END = 256, 257  # in place of a byte
_NOTHING, _LINE, _LETTER, _OTHER = range(4)  # what stands before a place


@dataclass(slots=True)
class _Spot:
    """A place in the expression. Those behind it are reached at once when `members` is None."""

    behind: list[int] = field(default_factory=list)
    members: int | None = None
    assertion: Assertion | None = None


@dataclass(slots=True)
class _State:
    """A state. `spots` are the places where the next byte finds the expression."""

    spots: tuple[int, ...]
    before: int
    following: dict[int, _State | None] = field(default_factory=dict)


class Automaton:
    """Use it in one thread: it remembers its states, up to a bound. Raises
    RegexNotSimulatedError for too many places: a repetition of a repetition, `(a{99}){99}`."""

    def __init__(self, expression: Node) -> None:
        self._spots: list[_Spot] = [_Spot()]
        self._states: dict[tuple[tuple[int, ...], int], _State] = {}
        self._looks = _MOST_LOOKS
        self._first = self._place(expression, 0)

    def is_in(self, value: bytes) -> bool:
        """Whether it is found in the value. Raises RegexError when too many states have to be made
        for it."""
        self._looks = _MOST_LOOKS
        state: _State | None = self._state((), _NOTHING)
        for symbol in _symbols(value):
            try:
                state = state.following[symbol]  # type: ignore[union-attr]
            except KeyError:
                state = self._follow(state, symbol)  # type: ignore[arg-type]
            if state is None:  # found
                return True
        return False

    # The places. They are made from behind: each knows the one that comes after it. 0 is the end.

    def _new(self, spot: _Spot) -> int:
        if len(self._spots) > _MOST_PLACES:
            raise RegexNotSimulatedError(
                f"it has more than {_MOST_PLACES} places: shorten its repetitions"
            )
        self._spots.append(spot)
        return len(self._spots) - 1

    def _place(self, node: Node, behind: int) -> int:
        match node:
            case Bytes(members):
                return self._new(_Spot([behind], members=members))
            case Place(assertion):
                return self._new(_Spot([behind], assertion=assertion))
            case Sequence(parts):
                for part in reversed(parts):
                    behind = self._place(part, behind)
                return behind
            case Alternatives(parts):
                return self._new(_Spot([self._place(part, behind) for part in parts]))
            case Repetition():
                return self._repeated(node, behind)

    def _repeated(self, node: Repetition, behind: int) -> int:
        if node.most is None:
            again = self._new(_Spot([behind]))
            self._spots[again].behind.append(self._place(node.part, again))
            behind = again
        else:
            end = behind
            for _ in range(node.most - node.least):
                behind = self._new(_Spot([self._place(node.part, behind), end]))
        for _ in range(node.least):
            before, behind = len(self._spots), self._place(node.part, behind)
            if len(self._spots) == before:
                break  # it is empty, however often
        return behind

    # The states.

    def _state(self, spots: tuple[int, ...], before: int) -> _State:
        found = self._states.get((spots, before))
        if found is None:
            if len(self._states) >= _MOST_STATES:
                self._states.clear()
            found = self._states[spots, before] = _State(spots, before)
        return found

    def _follow(self, state: _State, symbol: int) -> _State | None:
        """Return the state after one more byte, or None if the expression is found before it."""
        reached = self._reached((*state.spots, self._first), state.before, symbol)
        if 0 in reached:
            found = None
        else:
            byte = LINE_END if symbol == _LAST_LINE_END else symbol
            spots = map(self._spots.__getitem__, reached)
            taken = {spot.behind[0] for spot in spots if (spot.members or 0) >> byte & 1}
            found = self._state(tuple(sorted(taken)), _before(symbol))
        state.following[symbol] = found
        return found

    def _reached(self, spots: tuple[int, ...], before: int, symbol: int) -> set[int]:
        """Return these places, and those that are reached from them without a byte."""
        reached, waiting = set(spots), list(spots)
        while waiting:
            spot = self._spots[waiting.pop()]
            if spot.members is not None or not _holds(spot.assertion, before, symbol):
                continue
            for each in spot.behind:
                if each not in reached:
                    reached.add(each)
                    waiting.append(each)
        self._looks -= len(reached)
        if self._looks < 0:
            raise RegexNotSimulatedError("it takes too long for this value")
        return reached


def _symbols(value: bytes) -> Iterator[int]:
    if value.endswith(b"\n"):
        yield from value[:-1]
        yield _LAST_LINE_END
    else:
        yield from value
    yield _END


def _before(symbol: int) -> int:
    if symbol in (LINE_END, _LAST_LINE_END):
        return _LINE
    return _LETTER if _is_word(symbol) else _OTHER


def _is_word(symbol: int) -> bool:
    return symbol < 256 and bool(WORD >> symbol & 1)


def _holds(assertion: Assertion | None, before: int, symbol: int) -> bool:
    match assertion:
        case "begin":
            return before == _NOTHING
        case "begin line":
            # Not behind the last line end: there is no line.
            return before == _NOTHING or (before == _LINE and symbol != _END)
        case "end":
            return symbol in (_END, _LAST_LINE_END)
        case "end line":
            return symbol in (_END, _LAST_LINE_END, LINE_END)
        case "very end":
            return symbol == _END
        case "word":
            return (before == _LETTER) is not _is_word(symbol)
        case "no word":
            return (before == _LETTER) is _is_word(symbol)
    return True
