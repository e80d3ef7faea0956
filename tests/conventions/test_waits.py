"""A test waits for a minute at least for what has to happen: a busy machine makes it late.

What must not happen may be awaited for a second.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
LEAST, MOMENT = 60.0, 1.0  # seconds
FIRST = ("timeout", "wait", "join", "poll", "settimeout", "closed", "result")
"""Functions whose first argument is the time, as in `asyncio.timeout(60)`."""
SECOND = ("wait_for", "wait_procs", "until", "create_connection")
NAMED = (
    "create_connection", "wait", "wait_for", "join", "run", "communicate", "HTTPConnection",
    "get", "post", "acquire",
)  # fmt: skip


def short_waits(source: str) -> Iterator[tuple[int, float]]:
    """The line and the seconds of each."""
    for node in ast.walk(ast.parse(source)):
        for given in times(node):
            seconds = given.value if isinstance(given, ast.Constant) else None
            if isinstance(seconds, int | float) and MOMENT < seconds < LEAST:
                yield given.lineno, seconds


def times(node: ast.AST) -> Iterator[ast.expr]:
    if isinstance(node, ast.BinOp) and name_of(node.left) == "monotonic":
        yield node.right
    if not isinstance(node, ast.Call):
        return
    name = name_of(node)
    if name in FIRST:
        yield from node.args[:1]
    if name in SECOND:
        yield from node.args[1:2]
    if name == "eventually":
        yield from node.args[2:3]
    yield from (each.value for each in node.keywords if each.arg == "within")
    if name in NAMED:
        yield from (each.value for each in node.keywords if each.arg == "timeout")


def name_of(node: ast.AST) -> str:
    called = getattr(node, "func", None)
    return str(getattr(called, "attr", getattr(called, "id", "")))


@pytest.mark.parametrize(
    "source",
    [
        "asyncio.timeout(5)", "asyncio.wait_for(a.b(), 10.0)", "process.wait(30)",
        "deadline = time.monotonic() + 20", "subprocess.run(['a'], timeout=20)",
        "until(lambda: True, 5)", "psutil.wait_procs(them, 10)",
        "eventually(has_come, 'it has come', 30)", "eventually(has_come, 'it', within=30.0)",
    ],
)  # fmt: skip
def test_a_short_one_is_found(source: str) -> None:
    assert len(list(short_waits(source))) == 1


@pytest.mark.parametrize(
    "source",
    ["asyncio.timeout(60)", "asyncio.wait_for(never(), 0.05)", "a = 1 + 20", "queue.wait()"],
)
def test_a_long_one_is_none(source: str) -> None:
    assert list(short_waits(source)) == []


def test_there_is_none() -> None:
    found = [
        f"{file.relative_to(TESTS.parent)}:{line} waits for {seconds:g} s"
        for file in sorted(TESTS.rglob("*.py"))
        for line, seconds in short_waits(file.read_text())
    ]
    assert found == []
