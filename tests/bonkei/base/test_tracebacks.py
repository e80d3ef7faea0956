"""The exception in a program's output."""

from __future__ import annotations

import json

import pytest

from bonkei.base.tracebacks import raised

TRACEBACK = (
    "Traceback (most recent call last):",
    '  File "/app/main.py", line 3, in <module>',
    "    connect()",
    '  File "/venv/lib/python3.11/site-packages/db.py", line 9, in connect',
    "db.RefusedError: no server: try again",
)


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        (TRACEBACK, "db.RefusedError: no server: try again, /app/main.py:3"),
        (
            (json.dumps({"level": "FATAL", "exception": "\n".join(TRACEBACK)}), "INFO:  ended"),
            "db.RefusedError: no server: try again, /app/main.py:3",
        ),
        (
            (*TRACEBACK, '  File "/app/main.py", line 7', "    x =", "SyntaxError: invalid syntax"),
            "SyntaxError: invalid syntax, /app/main.py:7",
        ),
        (
            (*TRACEBACK[:-1], "E: " + "x" * 1000),
            f"E: {'x' * 297}, /app/main.py:3",
        ),
        (("listening", "KeyError: 1", '{"message": "x"}'), ""),
    ],
)
def test_the_last_exception_is_named_with_its_file_and_line(
    lines: tuple[str, ...], found: str
) -> None:
    assert raised(lines) == found
