"""The output of functions and builds, whatever it is, reaches its log group."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bonkei.miniature.parts.codebuild.builds import _Logs as BuildLogs
from bonkei.miniature.parts.lambda_.logs import FunctionLogs
from bonkei.services.logs.logs import RoleWriter
from bonkei.services.logs.store.documents import GroupDocument
from bonkei.services.logs.store.log_store import LogStore
from bonkei.services.logs.store.reading import Window

NOW = 1_700_000_000_000
GROUP = "/aws/lambda/report"
Write = Callable[[list[tuple[int, str]]], object]


def function_log(writer: RoleWriter, said: list[str]) -> Write:
    function: Any = SimpleNamespace(
        name="report", log_group=GROUP, role_arn="role",
        arn="arn:aws:lambda:eu-west-1:123456789012:function:report",
    )  # fmt: skip
    files: Any = SimpleNamespace(write=lambda _lines: None)
    logs = FunctionLogs(lambda _role, _region: writer, files, said.append)
    return lambda events: logs.write(function, "stream", events)


def build_log(writer: RoleWriter, said: list[str]) -> Write:
    logs = BuildLogs(lambda _role, _region: writer, lambda: "eu-west-1")

    def write(events: list[tuple[int, str]]) -> None:
        if problem := logs.write("role", GROUP, "stream", events):
            said.append(problem)

    return write


@pytest.mark.parametrize("log", [function_log, build_log])
@pytest.mark.parametrize(
    ("lines", "stored"),
    [
        (["one", "", "two"], ["one", "\n", "two"]),
        (["a" * 1_048_576], ["a" * 1_048_550, "a" * 26]),
        (["b" * 600_000] * 2, ["b" * 600_000] * 2),
        (["c"] * 10_001, ["c"] * 10_001),
    ],
    ids=["an empty line", "a long line", "many bytes", "many lines"],
)
def test_no_line_of_it_is_lost(
    log: Callable[[RoleWriter, list[str]], Write],
    lines: list[str],
    stored: list[str],
    tmp_path: Path,
) -> None:
    store = LogStore(tmp_path, clock=lambda: NOW / 1000)
    store.open()
    store.create_group(GroupDocument(GROUP, NOW))
    said: list[str] = []
    log(RoleWriter(store, lambda *_: "", "role", str), said)([(NOW, line) for line in lines])
    assert said == []
    assert [event.message for event in store.read(GROUP, Window())] == stored
