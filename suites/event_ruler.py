"""EventBridge's own engine (https://github.com/aws/event-ruler) as the judge of generated pairs."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from bonkei.grammar.event_pattern import EventPatternError, parse_event_pattern
from suites.checkouts import SuiteError, needed
from suites.counts import Case, Verdict

FOLDER = "event-ruler"
NEEDS = (
    "a clone of aws/event-ruler, compiled: its classes in target/classes, the libraries that it "
    "uses in target/dependency; and a JDK"
)
_ORACLE = Path(__file__).parent / "Oracle.java"
_SEED = 7
_STRINGS = (
    "", "a", "A", "ab", "aB", "abc", "abcabc", "a*b", "a\\b", "é", "É", "ß", "İ", "10.0.0.1",
    "10.0.0.255", "192.168.1.7", "::1", "2001:db8::1", "1", "1.0", "true", "null", "foo.txt",
    "日本", "ǅ", "K",
)  # fmt: skip
_NUMBERS = (
    0, 1, -1, 1.0, 1.5, 100, 1e2, 3.0e8, 0.1, -0.0, 5_000_000_000, 123_456_789_012, 1e10, -5e9,
    0.3333333,
)  # fmt: skip
_WILDCARDS = ("*a*", "a*", "*", "a*c", "*b", "a\\*b", "a\\\\b", "*.txt", "a**b", "a\\b")
_RANGES = (
    "10.0.0.0/24", "10.0.0.1", "10.0.0.5/24", "::/0", "2001:db8::/32", "0.0.0.0/0", "10.0.0.0/33",
)  # fmt: skip
_KEYS = ("a", "b", "c")


def run(checkout: Path, quick: bool, say: Callable[[str], None]) -> list[Case]:
    """The same pairs each time."""
    java = shutil.which("java")
    if java is None:
        raise SuiteError("it needs java")
    classes = needed(checkout / "target" / "classes" / "software", "its compiled classes").parent
    libraries = needed(checkout / "target" / "dependency", "the libraries that it uses")
    asked = list(pairs(10_000 if quick else 40_000))
    say(f"{len(asked)} pairs")
    done = subprocess.run(
        [java, "-cp", f"{classes}{os.pathsep}{libraries}/*", str(_ORACLE)],
        input="\n".join(json.dumps({"pattern": one, "event": two}) for one, two in asked),
        capture_output=True, encoding="utf-8", check=False,
    )  # fmt: skip
    answers = done.stdout.splitlines()
    if len(answers) != len(asked):
        raise SuiteError(f"it did not answer all pairs:\n{done.stderr[-2000:]}")
    return [judged(*pair, answer) for pair, answer in zip(asked, answers, strict=True)]


def judged(pattern: str, event: str, expected: str) -> Case:
    """`expected`: true, false, or refused."""
    try:
        got = str(parse_event_pattern(pattern)(json.loads(event))).lower()
    except EventPatternError:
        got = "refused"
    verdict = Verdict.PASSED if got == expected else Verdict.FAILED
    return Case("event patterns", f"{pattern} ← {event}", verdict, f"{got}, not {expected}")


def pairs(count: int) -> Iterator[tuple[str, str]]:
    """Patterns with events, both as JSON; many of the patterns are wrong."""
    chance = random.Random(_SEED)  # noqa: S311 - to spread, not to hide
    for _ in range(count):
        yield (
            json.dumps(_pattern(chance), ensure_ascii=False),
            json.dumps(_event(chance), ensure_ascii=False),
        )


def _value(chance: random.Random) -> Any:
    kind = chance.random()
    if kind < 0.5:
        return chance.choice(_STRINGS)
    return chance.choice(_NUMBERS if kind < 0.8 else (True, False, None))


def _event(chance: random.Random, depth: int = 0) -> dict[str, Any]:
    def field() -> Any:
        kind = chance.random()
        if kind < 0.5 or depth > 2:
            return _value(chance)
        if kind < 0.68:
            return [_value(chance) for _ in range(chance.randint(0, 3))]
        if kind < 0.85:
            return _event(chance, depth + 1)
        if kind < 0.95:
            return [_event(chance, depth + 1) for _ in range(chance.randint(0, 2))]
        return [[_event(chance, depth + 1)], _value(chance)]

    return {key: field() for key in chance.sample(_KEYS, chance.randint(0, 3))}


def _pattern(chance: random.Random, depth: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key in chance.sample(_KEYS, chance.randint(1, 2 if depth else 3)):
        if depth < 2 and chance.random() < 0.3:
            found[key] = _pattern(chance, depth + 1)
        else:
            found[key] = [_matcher(chance) for _ in range(chance.randint(1, 2))]
    if chance.random() < 0.12:
        found["$or"] = [_pattern(chance, depth + 2), _pattern(chance, depth + 2)]
    return found


def _matcher(chance: random.Random) -> Any:
    kind = chance.choice(("value", "text", "text", "exists", "but", "but", "numeric", "cidr"))
    if kind == "value":
        return _value(chance)
    if kind == "text":
        return _text(chance)
    if kind == "exists":
        return {"exists": chance.random() < 0.5}
    if kind == "cidr":
        return {"cidr": chance.choice(_RANGES)}
    if kind == "numeric":
        return {"numeric": _numeric(chance)}
    others: Sequence[Any] = (
        _value(chance),
        [_value(chance), _value(chance)],
        [],
        _text(chance),
        {"prefix": list(chance.sample(_STRINGS, 2))},
        {"equals-ignore-case": list(chance.sample(_STRINGS, 2))},
        {"wildcard": ["*a", "b*"]},
    )
    return {"anything-but": chance.choice(others)}


def _text(chance: random.Random) -> dict[str, Any]:
    text = chance.choice(_STRINGS)
    choices: Sequence[dict[str, Any]] = (
        {"prefix": text},
        {"suffix": text},
        {"prefix": [text]},
        {"prefix": {"equals-ignore-case": text}},
        {"suffix": {"equals-ignore-case": text}},
        {"equals-ignore-case": text},
        {"wildcard": chance.choice(_WILDCARDS)},
    )
    return chance.choice(choices)


def _numeric(chance: random.Random) -> list[Any]:
    one, two = chance.choice(_NUMBERS), chance.choice(_NUMBERS)
    return chance.choice(
        (
            [chance.choice((">", ">=", "<", "<=", "=")), one],
            [chance.choice((">", ">=")), one, chance.choice(("<", "<=")), two],
            ["<", one, ">", two],
        )
    )
