"""A damaged file of MiniStack's state is named, and nothing replaces it."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from bonkei.services.endpoint.backing.states import require_whole
from tests.bonkei.services.endpoint.rigs import Rig

BACK = 60.0  # seconds in which it has tried to start

DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "half": lambda content: content[: len(content) // 2],
    "zeros": lambda content: b"\0" * len(content),
    "a bit of its first byte": lambda content: bytes([content[0] ^ 1]) + content[1:],
    "a bit of a name": lambda content: content.replace(b'"tables"', b'"uables"'),
    "a bit of a value": lambda content: content.replace(b"kept-7", b"kept-6"),
    "a bit of the checksum's name": lambda content: content.replace(b"crc32", b"brc32"),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cloud")


may_start = threading.Event()
"""It is not looked at before it is damaged."""


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is started again without a pause, as soon as it may."""

    def wait(folder: Path) -> None:
        may_start.wait(BACK)
        require_whole(folder)

    may_start.set()
    monkeypatch.setattr("bonkei.services.endpoint.backing.process._PATIENCE", (0.0,))
    monkeypatch.setattr("bonkei.services.endpoint.backing.process.require_whole", wait)


@pytest.fixture(scope="module")
def filled(start: Callable[..., Rig], folder: Path) -> Rig:
    rig = start(folder)
    for number in range(20):
        rig.client("dynamodb").put_item(TableName="carts", Item={"id": {"S": f"kept-{number}"}})
    return rig


def end(rig: Rig, *, orderly: bool) -> None:
    pid = rig.cloud.store.pid
    assert pid is not None
    may_start.clear()
    process = psutil.Process(pid)
    process.terminate() if orderly else process.kill()
    process.wait(BACK)


def items(rig: Rig) -> set[str]:
    pages = rig.client("dynamodb").get_paginator("scan").paginate(TableName="carts")
    return {item["id"]["S"] for page in pages for item in page["Items"]}


def said(rig: Rig, text: str) -> bool:
    return any(text in each for each in rig.reports)


def refuses(rig: Rig, file: Path) -> None:
    """MiniStack does not start, and the report names the file."""
    rig.reports.clear()
    may_start.set()
    deadline = time.monotonic() + BACK
    while not said(rig, f"{file} is damaged"):
        rig.cloud.store.wake()
        assert time.monotonic() < deadline, rig.reports
        time.sleep(0.02)


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_snapshot_is_named_and_stays(filled: Rig, folder: Path, damage: str) -> None:
    assert items(filled) == {f"kept-{number}" for number in range(20)}
    end(filled, orderly=True)
    file = folder / "state" / "dynamodb.json"
    whole = file.read_bytes()
    assert json.loads(whole)["crc32"]
    file.write_bytes(damaged := DAMAGES[damage](whole))
    try:
        refuses(filled, file)
        assert file.read_bytes() == damaged
    finally:
        file.write_bytes(whole)
    assert items(filled) == {f"kept-{number}" for number in range(20)}


def test_a_damaged_journal_is_named_and_keeps_its_later_entries(filled: Rig, folder: Path) -> None:
    assert items(filled)
    dynamodb = filled.client("dynamodb")
    for number in range(20):
        dynamodb.put_item(TableName="carts", Item={"id": {"S": f"later-{number}"}})
    end(filled, orderly=False)
    file = folder / "state" / "journal.jsonl"
    whole = file.read_bytes()
    assert whole.count(b"\n") >= 20
    line = whole.index(b"later-3")
    file.write_bytes(damaged := whole[:line] + whole[line:].replace(b'"', b"#", 1))
    try:
        refuses(filled, file)
        assert file.read_bytes() == damaged
    finally:
        file.write_bytes(whole)
    assert items(filled) >= {f"later-{number}" for number in range(20)}


@pytest.mark.parametrize("text", ["", "x", "99999"])
def test_a_damaged_mark_is_named(filled: Rig, folder: Path, text: str) -> None:
    """A larger number would leave out what the journal has."""
    assert items(filled)
    filled.client("dynamodb").put_item(TableName="carts", Item={"id": {"S": f"marked{text}"}})
    end(filled, orderly=False)
    file = folder / "state" / "journal.mark"
    whole = file.read_bytes()
    file.write_text(text)
    try:
        refuses(filled, file)
        assert file.read_text() == text
    finally:
        file.write_bytes(whole)
    assert f"marked{text}" in items(filled)


def test_an_older_copy_of_a_snapshot_is_named_after_a_kill(filled: Rig, folder: Path) -> None:
    assert items(filled)
    end(filled, orderly=True)
    file = folder / "state" / "dynamodb.json"
    older = file.read_bytes()
    may_start.set()
    filled.client("dynamodb").put_item(TableName="carts", Item={"id": {"S": "newer"}})
    end(filled, orderly=True)
    may_start.set()
    filled.client("dynamodb").put_item(TableName="carts", Item={"id": {"S": "newest"}})
    end(filled, orderly=False)
    whole = file.read_bytes()
    file.write_bytes(older)
    try:
        refuses(filled, file)
        assert file.read_bytes() == older
    finally:
        file.write_bytes(whole)
    assert items(filled) >= {"newer", "newest"}


def test_a_flipped_bit_in_the_journal_is_named(filled: Rig, folder: Path) -> None:
    """The line remains in form."""
    assert items(filled)
    filled.client("dynamodb").put_item(TableName="carts", Item={"id": {"S": "flipped-1"}})
    end(filled, orderly=False)
    file = folder / "state" / "journal.jsonl"
    whole = file.read_bytes()
    file.write_bytes(whole.replace(b"flipped-1", b"flipped-0"))
    try:
        refuses(filled, file)
    finally:
        file.write_bytes(whole)
    assert "flipped-1" in items(filled)


def test_a_state_of_an_earlier_version_has_no_checksum(filled: Rig, folder: Path) -> None:
    before = items(filled)
    end(filled, orderly=True)
    file = folder / "state" / "dynamodb.json"
    document = json.loads(file.read_text())
    del document["crc32"], document["number"]
    file.write_text(json.dumps(document))
    may_start.set()
    assert items(filled) == before
