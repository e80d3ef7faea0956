"""How many places of wildcards an event's value can be in at once. EventBridge bounds it.

"Wildcard matching complexity",
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
The number is that of Event Ruler's MachineComplexityEvaluator. AWS publishes no bound: ten refuses
what it is known to refuse, and nothing that it is known to accept.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from bonkei.grammar.event_pattern.values import STAR, Condition, EventPatternError, Tokens

_MOST = 10
_MOST_STATES = 2_000
"""Looked at. A pattern with more is not known to be too complex."""
_QUOTE = '"'  # Event Ruler sees a text with its quotation marks

Place = tuple[int, Tokens, int]
"""A condition's number, one of its wildcards, and how many of its characters have been read."""


def require_simple(conditions: Sequence[Condition]) -> None:
    """Raises EventPatternError if the wildcards of one field are too complex together."""
    words = {
        (number, (_QUOTE, *each, _QUOTE))
        for number, one in enumerate(conditions)
        for each in one.wildcards
    }
    if words and _is_too_complex(words):
        raise EventPatternError(
            "Rule is too complex - try using fewer wildcard characters or fewer repeating "
            "character sequences after a wildcard character"
        )


def _is_too_complex(words: set[tuple[int, Tokens]]) -> bool:
    letters = {each for _, word in words for each in word if each != STAR} | {""}  # and any other
    seen: set[frozenset[Place]] = set()
    pending = [frozenset((number, word, 0) for number, word in words)]
    while pending and len(seen) < _MOST_STATES:
        places = pending.pop()
        if places in seen:
            continue
        seen.add(places)
        if len({_shared(*place) for place in places if place[2]}) > _MOST:
            return True
        pending += [frozenset(_read(places, letter)) for letter in letters]
    return False


def _read(places: Iterable[Place], letter: str) -> Iterator[Place]:
    """The places after one more character. A star may also stand for none."""
    for number, word, at in places:
        reached = [at] if at and word[at - 1] == STAR else []
        reached += [at + 1] if word[at : at + 1] == (letter,) else []
        for each in reached:
            yield number, word, each
            if word[each : each + 1] == (STAR,):
                yield number, word, each + 1


def _shared(number: int, word: Tokens, at: int) -> tuple[int, Tokens, int]:
    """The wildcards of one condition share their beginnings up to the first star, and the end."""
    if at == len(word) or STAR not in word[: at - 1]:
        return number, word[:at] if at < len(word) else (), at * (at < len(word))
    return number, word, at
