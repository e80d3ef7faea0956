"""PostgreSQL's log on its way to the cluster's log group."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from bonkei.blueprint.rds import DatabaseCluster, DatabaseInstance
from bonkei.services.logs.delivery import exports as module
from bonkei.services.logs.delivery.exports import Export, Exports, exports_of, postgresql_events
from bonkei.services.logs.store.reading import Window
from tests.bonkei.services.logs.conftest import NOW, Api

AT = "2023-11-14 22:13:20 UTC"  # NOW
PREFIX = f"{AT}:127.0.0.1(5432):app@app:[77]:"


def test_names_group_and_stream_as_rds_does(tmp_path: Path) -> None:
    cluster = DatabaseCluster(
        "a", "arn:aws:rds:r:1:cluster:db", "db", "aurora-postgresql", "18", "", "", 5432, "", "",
        instances=(DatabaseInstance("i", "arn", "db-1", "db.serverless"),),
        log_exports=("postgresql",),
    )  # fmt: skip
    [export] = exports_of([cluster], tmp_path)
    assert export == Export(
        tmp_path / "db" / "postgresql.log", "/aws/rds/cluster/db/postgresql", "db-1.0"
    )


def test_a_record_continues_on_lines_that_start_with_a_tab() -> None:
    lines = [
        f"{PREFIX}ERROR:  syntax error",
        f"{PREFIX}STATEMENT:  select",
        "\tfrom nothing",
        "no time of its own",
    ]
    found = postgresql_events(lines, 5)
    assert [text for _, text in found] == [
        lines[0], f"{lines[1]}\n{lines[2]}", "no time of its own",
    ]  # fmt: skip
    assert {at for at, _ in found} == {NOW}
    assert postgresql_events(["first of all"], 5) == [(5, "first of all")]


def make(
    api: Api, tmp_path: Path, report: Callable[[str], None] = lambda _: None
) -> tuple[Exports, Path]:
    log = tmp_path / "postgresql.log"
    exports = Exports(api.desk.store, tmp_path / "exports.json", report)
    exports._exports = (Export(log, "/aws/rds/cluster/db/postgresql", "db-1.0"),)
    return exports, log


def brought(api: Api) -> list[str]:
    found = api.desk.store.read("/aws/rds/cluster/db/postgresql", Window())
    return [event.message.removeprefix(PREFIX) for event in found]


def test_sends_each_line_once_through_rotation_and_restart(api: Api, tmp_path: Path) -> None:
    exports, log = make(api, tmp_path)
    assert not exports.bring(), "no file yet"
    log.write_text(f"{PREFIX}one{' ' * 90}\n{PREFIX}half")
    exports.bring()
    assert [text.rstrip() for text in brought(api)] == ["one"], "a line that is not whole waits"
    with log.open("a") as file:
        file.write(f" a line\n{PREFIX}two\n")
    log.with_name("postgresql.log.1").write_text(log.read_text())
    log.write_text(f"{PREFIX}three\n")
    again, _ = make(api, tmp_path)
    while again.bring():
        pass
    again.bring()
    assert [text.rstrip() for text in brought(api)] == ["one", "half a line", "two", "three"]
    third, _ = make(api, tmp_path)
    third.bring()
    assert len(brought(api)) == 4


def cut(log: Path, content: str) -> None:
    """Copy the log to `.1`, cut it, and write as much as it had."""
    if log.exists():
        log.with_name("postgresql.log.1").write_bytes(log.read_bytes())
    log.write_text("".join(f"{PREFIX}{text}\n" for text in thirty(content)))


def thirty(*contents: str) -> list[str]:
    return [f"{content} {number}" for content in contents for number in range(30)]


def finish(exports: Exports) -> None:
    while exports.bring():
        pass


def test_one_that_lags_a_rotation_loses_nothing(
    api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The size alone does not say that the log was cut."""
    monkeypatch.setattr("bonkei.services.logs.delivery.tail.PIECE_BYTES", 700)
    said: list[str] = []
    exports, log = make(api, tmp_path, said.append)
    cut(log, "one")
    exports.bring()
    assert 0 < len(brought(api)) < 30
    with log.open("a") as file:
        file.write(f"{PREFIX}the rest\n{PREFIX}half a line")
    cut(log, "two")
    finish(exports)
    assert brought(api) == [*thirty("one"), "the rest", "half a line", *thirty("two")]
    cut(log, "six")
    exports, _ = make(api, tmp_path, said.append)
    finish(exports)
    finish(exports)
    assert brought(api)[-60:] == thirty("two", "six")
    assert said == []


def test_one_that_lags_two_rotations_says_that_lines_are_lost(api: Api, tmp_path: Path) -> None:
    said: list[str] = []
    exports, log = make(api, tmp_path, said.append)
    cut(log, "one")
    finish(exports)
    with log.open("a") as file:
        file.write(f"{PREFIX}nobody reads this\n")
    cut(log, "two")
    cut(log, "six")
    finish(exports)
    finish(exports)
    assert brought(api) == thirty("one", "two", "six")
    assert ["may be MISSING in /aws/rds/cluster/db/postgresql" in text for text in said] == [True]


def test_a_file_that_is_emptied_is_read_from_its_beginning(api: Api, tmp_path: Path) -> None:
    said: list[str] = []
    exports, log = make(api, tmp_path, said.append)
    cut(log, "one")
    cut(log, "two")
    finish(exports)
    assert brought(api) == thirty("two"), "what was there before the first look is not brought"
    log.write_text("")
    finish(exports)
    log.write_text(f"{PREFIX}six\n")
    finish(exports)
    log.unlink()
    finish(exports)
    assert brought(api) == [*thirty("two"), "six"]
    assert said == []


def test_the_offsets_of_an_earlier_version_count(api: Api, tmp_path: Path) -> None:
    exports, log = make(api, tmp_path)
    cut(log, "one")
    offset = log.read_text().index(f"{PREFIX}one 15")
    (tmp_path / "exports.json").write_text(json.dumps({str(log): offset}))
    exports, _ = make(api, tmp_path)
    finish(exports)
    assert brought(api) == thirty("one")[15:]


def test_a_line_longer_than_an_event_holds_up_no_other(api: Api, tmp_path: Path) -> None:
    """Such as the STATEMENT of a failed INSERT."""
    exports, log = make(api, tmp_path)
    log.write_text(f"{PREFIX}{'x' * 2**20}\n{PREFIX}FATAL:  the end\n")
    finish(exports)
    assert brought(api)[-1] == "FATAL:  the end"
    assert sum(map(len, brought(api)[:-1])) == 2**20


async def test_polls_by_itself_and_sends_the_last_lines(
    api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LOOK_SECONDS", 0.005)
    exports, log = make(api, tmp_path)
    exports.follow(exports._exports)
    log.write_text(f"{PREFIX}FATAL:  the end\n")
    async with asyncio.timeout(60):
        while not api.desk.store.has_group("/aws/rds/cluster/db/postgresql"):
            await asyncio.sleep(0.005)
    with log.open("a") as file:
        file.write(f"{PREFIX}LOG:  database system is shut down\n")
    await exports.stop()
    assert brought(api)[-1] == "LOG:  database system is shut down"
