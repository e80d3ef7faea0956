"""One corpus of records: the output of programs, and its destinations in the shipped
configuration.
"""

from __future__ import annotations

import json
from typing import Any

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "FATAL")
CUT = 16 * 1024  # bytes; log drivers split longer lines
TRACEBACKS = (
    ("Traceback (most recent call last):", '  File "/app/x.py", line 1, in f', "ValueError: 不正"),
    ("java.lang.IllegalStateException: no", "\tat a.B.c(B.java:1)", "\t... 2 more"),
    ("panic: gone", "goroutine 1 [running]:", "main.main()", "\t/app/main.go:3 +0x1"),
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
