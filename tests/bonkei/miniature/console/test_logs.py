"""Logs as the console's values: live, searched, and always bounded."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bonkei.base.errors import BonkeiError
from bonkei.base.events import Bus, LogEventsIngested
from bonkei.miniature.console.logs import LogSources, buckets, history
from bonkei.miniature.console.logs.groups import search as search_group
from bonkei.miniature.console.logs.local import LocalTails
from bonkei.miniature.console.logs.offer import Desk
from bonkei.miniature.console.logs.rows import MOST_ROWS, rows
from bonkei.miniature.console.logs.wish import Numbered, Wish, read_wish
from bonkei.miniature.log_files.record import Record
from bonkei.services.console.values import LONGEST_STATE
from bonkei.services.logs.store.log_store import LogStore
from tests.bonkei.services.console.samples.logs import (
    ACCESS,
    GROUP,
    REQUEST,
    TASK,
    delivered,
    record,
    stamp,
    store,
    written,
)

NOW = time.time()
LOG = "statuspage-backend/backend"


@pytest.fixture
def bus() -> Bus:
    return Bus()


@pytest.fixture
def groups(tmp_path: Path, bus: Bus) -> LogStore:
    return store(tmp_path / "groups", bus, NOW)


@pytest.fixture
async def desk(tmp_path: Path, groups: LogStore, bus: Bus) -> Any:
    written(tmp_path / "logs", NOW)
    found = Desk(LogSources(tmp_path / "logs", lambda: groups, bus, lambda: delivered(NOW)))
    yield found
    found._forget()


def texts(found: Any) -> list[str]:
    return [one["message"] for one in found["records"]]


async def test_live_are_the_newest_of_all_in_order_of_time(desk: Desk) -> None:
    found: Any = await desk.tail({})
    assert found["logs"] == ["bonkei", LOG, "statuspage-database/postgresql"]
    assert found["groups"] == [GROUP]
    assert len(found["records"]) == MOST_ROWS
    last = found["records"][-3:]
    assert [one["level"] for one in last] == ["ERROR", "ERROR", "WARNING"]
    assert [one["time"] for one in found["records"]] == sorted(
        one["time"] for one in found["records"]
    )
    assert (last[0]["request"], last[0]["task"]) == (REQUEST, TASK)
    assert last[0]["exception"].startswith("Traceback")
    assert len({one["id"] for one in found["records"]}) == MOST_ROWS


@pytest.mark.parametrize(
    ("query", "count", "newest"),
    [
        ({"level": "error"}, 2, "no such table"),
        ({"log": "bonkei"}, 1, "Ready after 3.2 s."),
        ({"task": TASK[:8], "level": "warning"}, 2, "slow"),
        ({"request": REQUEST}, 1, "could not read"),
        ({"filter": "{ $.milliseconds > 900 }"}, 1, "slow"),
        ({"filter": '"no such" -slow'}, 1, "no such table"),
        ({"filter": "%status 69\\d%"}, 10, "GET /api/v1/status 699"),
        ({"log": "another"}, 0, ""),
    ],
)
async def test_each_filter(desk: Desk, query: dict[str, str], count: int, newest: str) -> None:
    live: Any = await desk.tail(query)
    searched: Any = await desk.search(query | {"since": "1h"})
    assert len(live["records"]) == count
    assert newest in (texts(live) or [""])[-1]
    assert texts(searched) == texts(live)


@pytest.mark.parametrize("query", [{"filter": "{ $.a = "}, {"level": "LOUD"}, {"since": "soon"},
                                   {"filter": "x" * 3000}, {"until": "99999999d"}])  # fmt: skip
async def test_a_mistake_is_named(desk: Desk, query: dict[str, str]) -> None:
    with pytest.raises(BonkeiError):
        await desk.search(query)


async def test_a_range_reaches_further_back_than_live(desk: Desk) -> None:
    until = datetime.fromtimestamp(NOW - 880, UTC).isoformat()
    found: Any = await desk.search({"since": "2h", "until": until, "log": LOG})
    assert texts(found)[0] == "GET /api/v1/status 0"
    assert not found["more"]
    every: Any = await desk.search({"since": "2h"})
    assert (len(every["records"]), every["more"]) == (MOST_ROWS, True)
    nothing: Any = await desk.search({"since": "1s"})
    assert nothing["records"] == []


async def test_records_of_several_logs_have_their_own_numbers(desk: Desk) -> None:
    found: Any = await desk.search({"since": "1h", "level": "warning"})
    assert len({one["log"] for one in found["records"]}) == 2
    assert len({one["id"] for one in found["records"]}) == len(found["records"]) == 3


async def test_a_search_says_how_much_it_has_compared(desk: Desk) -> None:
    found: Any = await desk.search({"request": REQUEST})
    assert (found["looked_at"], found["back_to"], found["more"]) == (704, "", False)
    found = await desk.search({"group": GROUP, "filter": '"two 7"'})
    assert (len(found["records"]), found["looked_at"], found["back_to"]) == (1, 60, "")


async def test_a_bucket_is_searched_in_all_of_its_texts(desk: Desk) -> None:
    live: Any = await desk.tail({"bucket": ACCESS})
    assert live["records"] == []
    found: Any = await desk.search({"bucket": ACCESS, "filter": "checkout"})
    assert [one["time"][:19] for one in found["records"]] == [stamp(NOW - 7000)[:19]] * 2
    assert (found["looked_at"], found["back_to"]) == (3, "")
    found = await desk.search({"bucket": ACCESS, "level": "error"})
    assert texts(found) == ["the till is broken"]
    found = await desk.search({"bucket": ACCESS, "since": "1h", "filter": "checkout"})
    assert found["records"] == []
    with pytest.raises(BonkeiError, match="another: the bucket does not exist"):
        await desk.search({"bucket": "another"})


async def test_what_patience_leaves_out_is_named(
    desk: Desk, groups: LogStore, tmp_path: Path
) -> None:
    found = await buckets.search(delivered(NOW), Wish(bucket=ACCESS), patience=60)
    assert (found.looked_at, found.back_to) == (3, "")
    with pytest.raises(BonkeiError, match="too many objects to search"):
        await buckets.search(delivered(NOW), Wish(bucket=ACCESS), patience=-1)
    many = [(int((NOW - 5000 + n) * 1000), f"line {n}") for n in range(700)]
    groups.put(GROUP, "backend/backend/one", many)
    found = await search_group(groups, Wish(group=GROUP, request="line 1"), patience=-1)
    assert found.looked_at == 500
    assert found.back_to.startswith(stamp(NOW - 5000 + 260)[:19])


def long_log(directory: Path) -> int:
    """A log and its predecessor, with an error of several lines every ten. Returns how many."""
    file = directory / "web" / "app.log"
    file.parent.mkdir(parents=True)

    def block(number: int) -> str:
        at = stamp(NOW - 1000 + number)
        if number % 10:
            return f"{at} {TASK} line {number}\n"
        return f"{at} {TASK} Traceback (most recent call last):\n  File {number}\n{at} {TASK} end\n"

    file.with_name("app.log.1").write_text("".join(block(n) for n in range(60)))
    file.write_text("".join(block(n) for n in range(60, 120)) + "not yet a line")
    return 120 + 24


@pytest.mark.parametrize("size", [10, 61, 200, 1_000_000])
def test_a_search_reads_every_line_whatever_its_blocks(
    size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = long_log(tmp_path)
    monkeypatch.setattr(history, "_BLOCK", size)
    found = history.search(tmp_path, Wish())
    assert (len(found.records), found.looked_at, found.back_to) == (lines, lines, "")
    assert [one.record.text for one in found.records[:3]] == [
        "Traceback (most recent call last):", "  File 0", "end",
    ]  # fmt: skip
    assert len({one.number for one in found.records}) == lines


def test_a_search_finds_each_line_of_a_traceback(tmp_path: Path) -> None:
    long_log(tmp_path)
    errors = history.search(tmp_path, Wish(level="ERROR"))
    assert [one.record.level for one in errors.records] == ["ERROR"] * 36


def test_a_search_out_of_patience_says_how_far_it_came(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    long_log(tmp_path)
    monkeypatch.setattr(history, "_BLOCK", 1_000)
    found = history.search(tmp_path, Wish(request="line 3"), patience=-1)
    assert found.records == []
    assert stamp(NOW - 1000 + 100)[:19] < found.back_to <= stamp(NOW - 1000 + 119)[:19]


def test_a_log_that_is_rotated_meanwhile_is_read_once(tmp_path: Path) -> None:
    file = tmp_path / "web" / "app.log"
    file.parent.mkdir(parents=True)
    file.write_text(f"{stamp(NOW)} {TASK} once\n")
    file.with_name("app.log.1").hardlink_to(file)
    assert history.search(tmp_path, Wish()).looked_at == 1


async def test_the_badge_counts_the_errors_of_the_last_minutes(
    tmp_path: Path, groups: LogStore, bus: Bus
) -> None:
    """Each once, however many lines it has, and not those of yesterday."""
    now = time.time()
    written(tmp_path / "logs", now)
    desk = Desk(LogSources(tmp_path / "logs", lambda: groups, bus, lambda: delivered(now)))
    assert await desk.badge() == {"text": "2", "kind": "bad"}
    file = tmp_path / "logs" / "statuspage-backend" / "backend.log"
    with file.open("a") as more:
        for at in (now - 400, now):
            more.write(f"{stamp(at)} {TASK} Traceback (most recent call last):\n")
            more.write(f"{stamp(at)} {TASK}   File x\n{stamp(at)} {TASK} ValueError\n")
            more.write(f"{stamp(at)} {TASK} fine\n")
    database = tmp_path / "logs" / "statuspage-database" / "postgresql.log"
    at = stamp(now)[:-1].replace("T", " ")
    with database.open("a") as more:
        for severity in ("ERROR", "DETAIL", "FATAL"):
            more.write(f"{at} UTC:127.0.0.1(1):app@app:[7]:{severity}:  no such table\n")
    assert await desk.badge() == {"text": "5", "kind": "bad"}


async def test_a_group_is_not_followed_for_the_badge(
    desk: Desk, bus: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    await desk.tail({"group": GROUP})
    await desk.badge()
    assert bus._listeners[LogEventsIngested]
    monkeypatch.setattr("bonkei.miniature.console.logs.offer._UNUSED", 0.0)
    await desk.badge()
    assert not bus._listeners[LogEventsIngested]


async def test_a_group_is_heard_as_events_come(desk: Desk, groups: LogStore, bus: Bus) -> None:
    first: Any = await desk.tail({"group": GROUP, "stream": "backend/backend/one"})
    assert len(first["records"]) == 30
    assert set(first["streams"]) == {"backend/backend/one", "backend/backend/two"}
    groups.put(GROUP, "backend/backend/one", [(int(NOW * 1000), record("FATAL", "the end"))])
    then: Any = await desk.tail({"group": GROUP, "stream": "backend/backend/one"})
    assert (texts(then)[-1], then["records"][-1]["level"]) == ("the end", "FATAL")
    searched: Any = await desk.search({"group": GROUP, "filter": "end", "since": "1h"})
    assert texts(searched) == ["the end"]
    for query in ({"group": "/none"}, {"group": "/none", "since": "1h"}):
        with pytest.raises(BonkeiError, match="/none"):
            await (desk.search if "since" in query else desk.tail)(query)
    desk._forget()
    assert not bus._listeners[LogEventsIngested]


async def test_no_row_shows_a_secret(tmp_path: Path, groups: LogStore, bus: Bus) -> None:
    """Anyone who has written it into a log. Its other parts, such as a user's name, are shown."""
    file = tmp_path / "logs" / "web" / "app.log"
    file.parent.mkdir(parents=True)
    said = record("ERROR", "app-user:hunter22 refused", exception="at hunter22")
    file.write_text(f"{stamp(NOW)} {TASK} {said}\n")
    groups.put(GROUP, "backend/backend/one", [(int(NOW * 1000), "key hunter22")])
    vault = ['{"username": "app-user", "password": "hunter22"}', "short"]
    desk = Desk(
        LogSources(
            tmp_path / "logs", lambda: groups, bus, lambda: delivered(NOW), secrets=lambda: vault
        )
    )
    for query in ({}, {"group": GROUP}, {"since": "1h"}, {"group": GROUP, "since": "1h"}):
        found: Any = await (desk.search if "since" in query else desk.tail)(query)
        assert "hunter22" not in json.dumps(found)
        assert "••••" in texts(found)[-1]
    assert texts(await desk.tail({})) == ["app-user:•••• refused"]
    desk._forget()


def test_a_file_that_grows_is_cut_or_goes_away(tmp_path: Path) -> None:
    file = tmp_path / "logs" / "web" / "app.log"
    file.parent.mkdir(parents=True)
    tails = LocalTails(tmp_path / "logs")
    assert tails.look() == ([], [])

    def line(text: str) -> str:
        return f"{stamp(NOW)} {TASK} {text}"

    def found() -> list[str]:
        return [one.record.text for one in tails.look()[1]]

    file.write_text(line("one") + "\n" + line("tw"))
    assert found() == ["one"]  # half a line is not there yet
    with file.open("a") as more:
        more.write("o\n  and more\n")
    assert found() == ["one", "two", "  and more"]
    assert tails.look()[1][-1].record.time == stamp(NOW)
    file.rename(file.with_suffix(".log.1"))
    file.write_text(line("anew") + "\n")
    assert found()[-1] == "anew"
    file.write_text("")
    file.unlink()
    assert found() == []


def test_however_much_is_written_little_is_kept_and_sent(tmp_path: Path) -> None:
    file = tmp_path / "logs" / "web" / "app.log"
    file.parent.mkdir(parents=True)
    long = record("ERROR", "x" * 15_000, exception="y" * 15_000)
    file.write_text(f"{stamp(NOW)} {TASK} {long}\n" * 400)  # 12 MB
    tails = LocalTails(tmp_path / "logs")
    begun = time.perf_counter()
    _, found = tails.look()
    assert time.perf_counter() - begun < 30
    assert sum(len(one.record.text) for one in found) < 1_100_000
    with file.open("a") as more:
        more.write(f"{stamp(NOW)} {TASK} {long}\n" * 400)
    _, found = tails.look()
    assert sum(len(one.record.text) for one in found) < 1_100_000
    for character in ("é", "\x00", '"'):
        text = character * 16_000
        records = [Numbered(n, Record("l", stamp(NOW), text, text)) for n in range(999)]
        shown = rows(records, Wish())
        assert (len(shown) > 40, shown[-1]["id"]) == (True, 998)
        assert len(json.dumps(shown, ensure_ascii=False).encode()) < LONGEST_STATE
        assert all(one["cut"] for one in shown)


def test_a_wish_by_its_words() -> None:
    now = datetime(2026, 1, 31, 12, tzinfo=UTC)
    wish = read_wish({"since": "10m", "until": "2026-01-31T12:00:00Z", "level": "warning"}, now)
    assert (wish.since, wish.until) == ("2026-01-31T11:50:00.000Z", "2026-01-31T12:00:00.000Z")
    assert wish.level == "WARNING"
    assert read_wish({}, now) == Wish()


async def test_a_query_has_rows_and_shows_no_secret(
    tmp_path: Path, groups: LogStore, bus: Bus
) -> None:
    desk = Desk(
        LogSources(
            tmp_path / "logs", lambda: groups, bus, lambda: delivered(NOW),
            secrets=lambda: ["one 7 of a"],
        )
    )  # fmt: skip
    groups.put(GROUP, "backend/backend/one", [(int(NOW * 1000), "password one 7 of a")])
    asked = {"query": "stats count(*) as n by @logStream as s | sort s", "group": GROUP}
    found: Any = await desk.query(asked)
    assert found["columns"] == ["s", "n"]
    assert found["rows"] == [["backend/backend/one", "31"], ["backend/backend/two", "30"]]
    assert (found["matched"], found["scanned"], found["more"]) == (61, 61, False)
    found = await desk.query({"query": "filter @message like 'password' | fields @message"})
    assert found["rows"] == [["password ••••"]]
    with pytest.raises(BonkeiError, match="line 1, column 1: `felds` is not a command"):
        await desk.query({"query": "felds x"})
