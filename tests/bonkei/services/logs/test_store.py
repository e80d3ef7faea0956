"""The store of log events: its order, its bounds, and its state after a crash."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bonkei.base.events import LogEvent
from bonkei.services.logs.errors import LogsError
from bonkei.services.logs.store import segment
from bonkei.services.logs.store.documents import GroupDocument
from bonkei.services.logs.store.log_store import DAY, LogStore
from bonkei.services.logs.store.reading import Window

NOW = 1_700_000_000_000


def make(directory: Path, **settings: object) -> LogStore:
    settings.setdefault("clock", lambda: NOW / 1000)
    store = LogStore(directory, **settings)  # type: ignore[arg-type]
    store.open()
    return store


def filled(directory: Path, **settings: object) -> LogStore:
    store = make(directory, **settings)
    store.create_group(GroupDocument("group", NOW))
    store.create_stream("group", "stream")
    return store


EVERYTHING = Window()


def messages(store: LogStore, window: Window = EVERYTHING, **how: object) -> list[str]:
    return [event.message for event in store.read("group", window, **how)]  # type: ignore[arg-type]


def test_returns_stored_events_even_after_a_restart(tmp_path: Path) -> None:
    texts = ["plain", "日本語 🌱", '{"level": "ERROR"}', "two\nlines", "\ud800", "x" * 500_000]
    filled(tmp_path).put("group", "stream", [(NOW + at, text) for at, text in enumerate(texts)])
    assert messages(make(tmp_path)) == texts


def test_sorts_streams_and_late_events_by_time(tmp_path: Path) -> None:
    store = filled(tmp_path)
    store.create_stream("group", "other")
    dice = random.Random(1)  # noqa: S311 - an order, no secret
    times = dice.sample(range(100_000), 2_000)
    for at in range(0, len(times), 50):
        batch = sorted(times[at : at + 50])
        stream = dice.choice(["stream", "other"])
        store.put("group", stream, [(NOW + time, f"{time} " + "x" * 200) for time in batch])
    found = [int(text.split()[0]) for text in messages(store)]
    assert found == sorted(times)
    backwards = [int(text.split()[0]) for text in messages(store, backwards=True)]
    assert backwards == sorted(times, reverse=True)


def test_continues_after_an_event_without_loss_or_repetition(tmp_path: Path) -> None:
    store = filled(tmp_path)
    for batch in range(20):  # all with the same timestamp
        store.put("group", "stream", [(NOW, f"{batch}-{index}") for index in range(7)])
    everything = list(store.read("group", Window()))
    assert len(everything) == 140
    for at in (0, 63, 138):
        after = store.read("group", Window(after=everything[at].position))
        assert list(after) == everything[at + 1 :]
        before = store.read("group", Window(after=everything[at].position), backwards=True)
        assert list(before) == everything[:at][::-1]


def test_a_window_includes_its_start_and_excludes_its_end(tmp_path: Path) -> None:
    store = filled(tmp_path)
    store.put("group", "stream", [(NOW + at, str(at)) for at in range(5)])
    assert messages(store, Window(start=NOW + 1, end=NOW + 4)) == ["1", "2", "3"]


def test_a_reader_does_not_read_everything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segment, "SEGMENT_BYTES", 200_000)
    store = filled(tmp_path)
    for batch in range(100):
        store.put("group", "stream", [(NOW + batch, "x" * 10_000)] * 3)
    pages = store.group("group").pages()
    read = []
    load = segment.load
    monkeypatch.setattr(
        "bonkei.services.logs.store.log_store.load", lambda page: read.append(page) or load(page)
    )
    assert next(store.read("group", Window(), backwards=True)).timestamp == NOW + 99
    assert len(messages(store, Window(start=NOW + 50, end=NOW + 51))) == 3
    assert len(read) < len(pages) / 10
    assert len(list(tmp_path.glob("*/*/*.log"))) > 5


def test_truncates_a_half_written_event(tmp_path: Path) -> None:
    filled(tmp_path).put("group", "stream", [(NOW, "whole")])
    [file] = tmp_path.glob("*/*/*.log")
    data = file.read_bytes()
    for torn in (data[:10], data[:-3], b"\0" * 64):
        file.write_bytes(data + torn)
        store = make(tmp_path)
        assert messages(store) == ["whole"]
        store.put("group", "stream", [(NOW, "after")])
        assert messages(make(tmp_path)) == ["whole", "after"]


_WRITER = """
import sys
from pathlib import Path
from bonkei.services.logs.store.documents import GroupDocument
from bonkei.services.logs.store.log_store import LogStore
store = LogStore(Path(sys.argv[1]))
store.open()
store.create_group(GroupDocument("group", store.now))
store.create_stream("group", "stream")
number = 0
while True:
    store.put("group", "stream", [(store.now, str(number + at)) for at in range(10)])
    number += 10
    print(number, flush=True)
"""


def test_keeps_every_acknowledged_event_when_it_is_killed(tmp_path: Path) -> None:
    writer = subprocess.Popen(
        [sys.executable, "-c", _WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert writer.stdout is not None
    for _ in range(300):
        acknowledged = int(writer.stdout.readline())
    os.kill(writer.pid, signal.SIGKILL)
    acknowledged = max([acknowledged, *map(int, writer.stdout.read().split())])
    writer.wait()
    writer.stdout.close()
    store = LogStore(tmp_path)
    store.open()
    found = messages(store)
    assert found[:acknowledged] == [str(number) for number in range(acknowledged)]


def test_stays_within_its_bound_and_keeps_the_newest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(segment, "SEGMENT_BYTES", 10_000)
    store = filled(tmp_path, limit=100_000)
    for number in range(200):
        store.put("group", "stream", [(NOW + number, f"{number} " + "x" * 2_000)])
        assert store.stored <= 100_000
        assert store.stored == sum(file.stat().st_size for file in tmp_path.glob("*/*/*.log"))
    found = [int(text.split()[0]) for text in messages(store)]
    assert found == list(range(found[0], 200))
    assert 30 < len(found) < 60
    assert store.forgotten > 250_000
    last = [event.position.sequence for event in store.read("group", Window())]
    assert last == found, "a number is never given twice"


def test_numbers_continue_after_everything_was_deleted(tmp_path: Path) -> None:
    now = [NOW]
    store = filled(tmp_path, clock=lambda: now[0] / 1000)
    group = store.group("group")
    group.change(GroupDocument("group", NOW, retention=1))
    store.put("group", "stream", [(NOW, "old")])
    [file] = tmp_path.glob("*/*/*.log")
    os.utime(file, (NOW / 1000, NOW / 1000))
    now[0] += 2 * DAY
    assert messages(store) == [], "past its retention, although it is still there"
    store.sweep()
    assert not list(tmp_path.glob("*/*/*.log"))
    assert store.stored == 0
    store = make(tmp_path, clock=lambda: now[0] / 1000)
    store.put("group", "stream", [(now[0], "new")])
    [event] = store.read("group", Window())
    assert (event.message, event.position.sequence) == ("new", 1)


def test_a_clock_that_is_set_back_stops_no_forgetting(tmp_path: Path) -> None:
    now = [NOW]
    store = filled(tmp_path, clock=lambda: now[0] / 1000)
    store.create_stream("group", "old")
    store.put("group", "old", [(NOW, "old")])
    [file] = tmp_path.glob("*/*/*.log")
    os.utime(file, (NOW / 1000 - 9 * 86_400, NOW / 1000 - 9 * 86_400))
    now[0] += 9 * DAY
    store.sweep()
    store.group("group").change(GroupDocument("group", NOW, retention=1))
    now[0] = NOW
    store.put("group", "stream", [(NOW, "new")])
    assert messages(store) == ["new"]


def test_reports_the_stored_events(tmp_path: Path) -> None:
    heard: list[tuple[str, str, tuple[LogEvent, ...]]] = []
    store = filled(tmp_path, listener=lambda *event: heard.append(event))
    rejected = store.put("group", "stream", [(NOW, "now"), (NOW + DAY, "too new")])
    assert rejected.too_new_from == 1
    [(group, stream, [event])] = heard
    assert (group, stream, event.message, event.timestamp) == ("group", "stream", "now", NOW)
    assert len(event.id) == 56


def test_a_full_disk_refuses_and_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = filled(tmp_path)
    store.put("group", "stream", [(NOW, "before")])
    write, calls = os.write, []

    def full(descriptor: int, data: bytes) -> int:
        calls.append(len(data))
        if len(calls) > 1:
            raise OSError(28, "No space left on device")
        return write(descriptor, data[:20])

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full)
        with pytest.raises(LogsError, match="No space left") as caught:
            store.put("group", "stream", [(NOW, "does not fit")])
    assert caught.value.code == "ServiceUnavailableException"
    store.put("group", "stream", [(NOW, "after")])
    assert messages(make(tmp_path)) == ["before", "after"]


def test_a_full_disk_leaves_nothing_of_a_new_stream(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = filled(tmp_path)
    before = sorted(tmp_path.rglob("*"))

    def full(_path: Path, _target: Path) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", full)
        with pytest.raises(OSError, match="No space left"):
            store.create_stream("group", "another")
        with pytest.raises(OSError, match="No space left"):
            store.create_group(GroupDocument("another", NOW))
        with pytest.raises(OSError, match="No space left"):
            store.group("group").change(GroupDocument("group", NOW, retention=7))
    assert sorted(tmp_path.rglob("*")) == before
    store.create_stream("group", "another")


def test_groups_and_streams_are_created_and_deleted(tmp_path: Path) -> None:
    store = filled(tmp_path)
    store.put("group", "stream", [(NOW, "x")])
    with pytest.raises(LogsError, match="already exists"):
        store.create_stream("group", "stream")
    with pytest.raises(LogsError, match="already exists"):
        store.create_group(GroupDocument("group", NOW))
    store.delete_stream("group", "stream")
    assert store.stored == 0
    with pytest.raises(LogsError, match="log stream does not exist"):
        store.put("group", "stream", [(NOW, "x")])
    store.delete_group("group")
    assert not list(tmp_path.iterdir())
    with pytest.raises(LogsError, match="log group does not exist"):
        store.put("group", "stream", [(NOW, "x")])
