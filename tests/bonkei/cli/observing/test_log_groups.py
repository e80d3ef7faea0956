"""`bonkei logs --group`: the records of log groups; `--filter` and `--request` for groups and
files.
"""

from __future__ import annotations

import json
from itertools import islice
from pathlib import Path

import pytest

from bonkei.blueprint.logs.log_group import QueryDefinition
from bonkei.cli.observing.log_groups import find_groups
from bonkei.cli.observing.log_query import resolved
from bonkei.grammar.insights import QueryError
from bonkei.services.logs.store.documents import GroupDocument
from bonkei.services.logs.store.log_store import LogStore
from tests.bonkei.cli.projects import make_project, run

NOW = 1_767_261_600_000  # 2026-01-01T10:00:00Z


@pytest.fixture
def store(tmp_path: Path) -> LogStore:
    make_project(tmp_path)
    store = LogStore(tmp_path / ".bonkei" / "log-groups", clock=lambda: NOW / 1000)
    store.open()
    for group, stream in (("/ecs/web", "a/1"), ("/ecs/web", "b/2"), ("/aws/rds/cluster/db", "i")):
        if not store.has_group(group):
            store.create_group(GroupDocument(group, NOW))
        store.create_stream(group, stream)
    store.put(
        "/ecs/web", "a/1", [(NOW, '{"level": "INFO", "message": "one", "request_id": "r-1"}')]
    )
    store.put("/ecs/web", "b/2", [(NOW + 1, '{"level": "ERROR", "message": "two"}')])
    store.put("/ecs/web", "a/1", [(NOW + 2, "plain\n  indented\n")])
    store.put("/aws/rds/cluster/db", "i", [(NOW, "2026-01-01 10:00:00 UTC::@:[1]:FATAL:  over")])
    return store


def said(tmp_path: Path, *arguments: str) -> list[str]:
    result = run(tmp_path, "logs", *arguments, "--json")
    assert result.exit_code == 0, result.output
    return [json.loads(line)["message"] for line in result.stdout.splitlines()]


@pytest.mark.usefixtures("store")
def test_shows_a_group_in_order_of_time(tmp_path: Path) -> None:
    assert said(tmp_path, "--group", "/ecs/web") == ["one", "two", "plain\n  indented"]
    assert said(tmp_path, "--group", "web", "-n", "1") == ["plain\n  indented"]
    assert said(tmp_path, "--group", "web", "--stream", "b") == ["two"]
    assert said(tmp_path, "--group", "web", "--since", "2026-01-01T10:00:00.001Z") == [
        "two", "plain\n  indented",
    ]  # fmt: skip
    assert said(tmp_path, "--destination", "cloudwatch", "--level", "ERROR") == [
        ":@:[1]:FATAL:  over", "two",
    ]  # fmt: skip
    shown = run(tmp_path, "logs", "--group", "web").stdout.splitlines()
    assert shown[0].endswith("2026-01-01T10:00:00.000Z INFO    one [r-1]")


@pytest.mark.usefixtures("store")
def test_filters_as_cloudwatch_does(tmp_path: Path) -> None:
    assert said(tmp_path, "--group", "web", "--filter", '{ $.level = "ERROR" }') == ["two"]
    assert said(tmp_path, "--group", "web", "--request", "r-1") == ["one"]
    assert "a comparison is missing" in run(tmp_path, "logs", "--filter", "{ $.a").output


@pytest.mark.usefixtures("store")
def test_an_unknown_group_is_reported(tmp_path: Path) -> None:
    result = run(tmp_path, "logs", "--group", "none")
    assert result.exit_code == 1
    assert "there is no log group none" in str(result.exception)
    assert run(tmp_path, "logs", "web", "--group", "web").exit_code == 2
    assert run(tmp_path, "logs", "web", "--stream", "a").exit_code == 2
    assert said(tmp_path, "web", "--destination", "cloudwatch", "--level", "ERROR") == ["two"]
    assert run(tmp_path, "logs", "--destination", "local", "--group", "web").exit_code == 2
    empty = run(tmp_path, "logs", "--group", "web", "--filter", "nothing")
    assert (empty.exit_code, empty.stdout) == (0, "")
    assert "no event matches" in empty.stderr


def test_follows_a_group_while_another_process_writes(store: LogStore, tmp_path: Path) -> None:
    groups = find_groups(tmp_path / ".bonkei" / "log-groups", "web", "")
    groups.mark()
    store.put("/ecs/web", "b/2", [(NOW - 5, "an event that is late")])
    store.create_stream("/ecs/web", "c/3")
    store.put("/ecs/web", "c/3", [(NOW, "a new stream")])
    found = [record.message for record in islice(groups.follow(), 2)]
    assert found == ["an event that is late", "a new stream"]


@pytest.mark.usefixtures("store")
def test_a_reader_ignores_a_half_written_record(tmp_path: Path) -> None:
    path = next((tmp_path / ".bonkei" / "log-groups").glob("*/*/*.log"))
    whole = path.read_bytes()
    path.write_bytes(whole + whole[:20])
    assert run(tmp_path, "logs", "--destination", "cloudwatch").exit_code == 0
    assert path.read_bytes() == whole + whole[:20]


@pytest.mark.usefixtures("store")
def test_filters_the_output_of_services_too(tmp_path: Path) -> None:
    logs = tmp_path / ".bonkei" / "logs" / "app-web"
    logs.mkdir(parents=True)
    task = "0123456789abcdef0123456789abcdef"
    (logs / "web.log").write_text(
        f'2026-01-01T10:00:01.000Z {task} {{"message": "asked", "request_id": "Root=1-ab"}}\n'
        f'2026-01-01T10:00:02.000Z {task} {{"message": "other", "status": 500}}\n'
    )
    assert said(tmp_path, "--request", "1-ab") == ["asked"]
    assert said(tmp_path, "web", "--filter", "{ $.status >= 500 }") == ["other"]


@pytest.mark.usefixtures("store")
def test_a_query_shows_a_table_of_its_rows(tmp_path: Path) -> None:
    query = "filter ispresent(level) | stats count(*) as many by level | sort level"
    result = run(tmp_path, "logs", "--query", query)
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines() == ["level  many", "ERROR  1", "INFO   1"]
    assert result.stderr.splitlines()[-1] == "2 rows from 2 of 4 events"


@pytest.mark.usefixtures("store")
def test_a_query_is_of_one_group_from_a_time_on(tmp_path: Path) -> None:
    since = ("--since", "2026-01-01T10:00:00.001Z")
    fields = ("--query", "fields @logStream as s, message", "--json", "-n", "2")
    result = run(tmp_path, "logs", "--group", "web", *since, *fields)
    assert [json.loads(line) for line in result.stdout.splitlines()] == [
        {"s": "a/1"},
        {"s": "b/2", "message": "two"},
    ]
    result = run(tmp_path, "logs", "--group", "db", "--raw", "--query", "fields strlen(@message)")
    assert result.stdout == "43\n"


@pytest.mark.usefixtures("store")
def test_a_query_with_a_mistake_or_another_filter_is_refused(tmp_path: Path) -> None:
    result = run(tmp_path, "logs", "--query", "felds x")
    assert "line 1, column 1: `felds` is not a command" in str(result.exception)
    result = run(tmp_path, "logs", "--query", "limit 1", "--follow")
    assert result.exit_code == 2


def test_a_saved_query_is_found_by_its_name_or_the_end_of_it() -> None:
    saved = (QueryDefinition("a", "1", "app/levels", "stats count(*) by level"),)
    assert resolved("app/levels", lambda: saved) == saved[0].query
    assert resolved("levels", lambda: saved) == saved[0].query
    assert resolved("limit 1", lambda: saved) == "limit 1"
    with pytest.raises(QueryError) as caught:
        resolved("level", lambda: saved)
    assert "saved queries: app/levels" in caught.value.remedy
