"""One corpus of records: the output of programs, and its destinations in the shipped
configuration.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from random import Random
from typing import Any

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "FATAL")
CUT = 16 * 1024  # bytes; log drivers split longer lines
TRACEBACKS = (
    ("Traceback (most recent call last):", '  File "/app/x.py", line 1, in f', "ValueError: 不正"),
    ("java.lang.IllegalStateException: no", "\tat a.B.c(B.java:1)", "\t... 2 more"),
    ("panic: gone", "goroutine 1 [running]:", "main.main()", "\t/app/main.go:3 +0x1"),
)
_ODD: dict[str, tuple[Any, ...]] = {
    "n": (1, -1, 0, 1.5, 1e20, 123456789012345678, 12345678901234567890, 1e-7, 0.1, -0.0, 100.0),
    "text": ("日本語 😀", 'a " and a \\', "tab\tand\nline", "null\0", "\ufeff", "", "\u2028"),
    "nested": ({"a": [1, "x", {"y": None}]}, {}, [], [[]], {"": ""}, None, True),
    "log": ("inner", {"log": "deeper"}, 5),
    "type": ("access", "other", 1, None),
    "container_id": ("of the program's own",),
    "source": ("stdout", 7),
}
_NOT_RECORDS = (
    *("", "   ", "{}", "[]", "null", '"x"', "12", "{'a': 1}", '{"a":1}{"b":2}', '{"a":1} trailing'),
    *('{"a":}', '{"a":1,"a":2}', '{"":1}', '  {"a":1}  ', '\ufeff{"a":1}', '{"a":NaN}', "\x00"),
    *(
        '{"a":1e400}',
        r'{"a":"\ud83d\ude00"}',
        r'{"a":"\ud83d"}',
        r'{"a":"\/\u0041\b"}',
        "\ufffd",
        "[",
    ),
    *('{"level":["ERROR"]}', '{"level":"ERROR","time":7}', '{"level":null}', '{"level":"error"}'),
)


def program(level: str, message: str, second: int = 0, **more: Any) -> str:
    """A line of a program, with its own number in `second`."""
    time = f"2026-11-26T12:{second // 60 % 60:02d}:{second % 60:02d}.123Z"
    return json.dumps({"time": time, "level": level, "message": message, **more})


def lines() -> list[tuple[str, str]]:
    """(stream, line): all levels, access records, lines that are not JSON, tracebacks, Unicode,
    clock skew, a line of 1 MB, and lines that resemble something else.
    """
    found = [("stdout", program(level, f"at {level}", 1)) for level in LEVELS]
    found += [
        ("stdout", program("INFO", "GET /", 2, type="access", status=200, duration=0.0123)),
        ("stdout", program("ERROR", "GET /", 2, type="access", status=500)),
        ("stdout", program("INFO", "日本語 ü 🔥 \u2028 \x7f", 3)),
        ("stdout", program("INFO", 'quotes " and \\ and \n lines', 3)),
        ("stdout", program("INFO", "nested", 4, context={"a": [1, 2.5, None, True], "b": {}})),
        ("stdout", "not JSON at all"),
        ("stdout", '{"level": "ERROR", "cut": '),
        ("stdout", "[1, 2, 3]"),
        ("stdout", '"FATAL"'),
        ("stdout", program("FATALITY", "no level of ours", 5)),
        ("stdout", json.dumps({"level": "ERROR", "message": "without a time"})),
        ("stdout", json.dumps({"time": "yesterday", "level": "FATAL", "message": "no time"})),
        ("stdout", program("ERROR", "from the past", 6).replace("2026-11-26", "2026-11-25")),
        ("stdout", program("INFO", "1 MB: " + "0123456789abcdef" * 65536, 7)),
        ("stdout", program("ERROR", "日本" * 20000, 8)),
    ]
    found += [("stderr", line) for traceback in TRACEBACKS for line in traceback]
    return found


def generated(count: int, seed: int = 1) -> Iterator[tuple[str, str]]:
    """(stream, line) at random: records of a program with odd values, cut ones, documents that are
    not records, long lines, and the lines of the corpus."""
    chance = Random(seed)  # noqa: S311
    corpus = lines()
    for number in range(count):
        record = {
            key: chance.choice(values) for key, values in _ODD.items() if chance.random() < 0.7
        }
        line = program(chance.choice(LEVELS), f"number {number}", number, **record)
        kind = chance.randrange(8)
        if kind == 0:
            line = line[: chance.randrange(1, len(line))]
        elif kind == 1:
            line = chance.choice(_NOT_RECORDS)
        elif kind == 2:
            line = json.dumps({"long": "é" * chance.randrange(CUT)}, ensure_ascii=False)
        elif kind == 3:
            line = json.dumps(json.loads(line), ensure_ascii=False, separators=(" ,", " : "))
        stream = chance.choice(("stdout", "stderr"))
        yield chance.choice(corpus[:-1]) if kind == 4 else (stream, line)


def pieces(line: str) -> list[tuple[str, bool]]:
    """The pieces that a log driver makes, each with whether it continues. Ours splits between
    characters.
    """
    data = line.encode()
    found: list[tuple[str, bool]] = []
    while len(data) > CUT:
        end = CUT
        while data[end] & 0xC0 == 0x80:
            end -= 1
        found.append((data[:end].decode(), True))
        data = data[end:]
    return [*found, (data.decode(), False)]


def destination(stream: str, line: str) -> str:
    """FATAL, ERROR, access or application, the categories of program/fluentbit."""
    try:
        record = json.loads(line)
    except ValueError:
        record = None
    if not isinstance(record, dict):
        return "ERROR" if stream == "stderr" else "application"
    level = record.get("level")
    places = [level] if level in ("FATAL", "ERROR") else []
    if record.get("type") == "access":
        places.append("access")
    return "+".join(places) or "application"


def expected(stream: str, line: str) -> dict[str, Any]:
    """The record, without its date and its container."""
    try:
        record = json.loads(line)
    except ValueError:
        record = None
    if isinstance(record, dict):
        return {**record, "source": stream}
    more = {"level": "ERROR"} if stream == "stderr" else {}
    return {"log": line, "source": stream, **more}
