"""What a start looks at before it touches anything. Every file of a full home:
tests/e2e/test_damaged_homes.py."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from hashlib import sha256
from pathlib import Path

import pytest

from bonkei.base.kept import DamagedError
from bonkei.miniature.intact import require_intact
from bonkei.services.logs.store import frame


def put(home: Path, name: str, content: bytes | str) -> Path:
    file = home / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return file


def problem(home: Path) -> str:
    try:
        require_intact(home)
    except DamagedError as error:
        return f"{error.message}\n{error.remedy}"
    return ""


def test_a_new_home_is_intact(tmp_path: Path) -> None:
    assert problem(tmp_path) == ""


def test_all_damaged_files_are_named_at_once(tmp_path: Path) -> None:
    files = [
        put(tmp_path, name, "")
        for name in ("ecs/service-changes.json", "builds/records/b.json", "secrets/password")
    ]
    said = problem(tmp_path)
    assert all(f"{file} is damaged: it is empty" in said for file in files)
    assert "write the secret's value into it" in said
    assert [file.read_bytes() for file in files] == [b""] * 3


@pytest.mark.parametrize("size", [0, 500, 4096, 8191])
def test_a_cut_database_is_damaged(tmp_path: Path, size: int) -> None:
    file = put(tmp_path, "monitor/alarms.sqlite", "")
    with sqlite3.connect(file) as connection:
        connection.execute("create table state (alarm text)")
    connection.close()
    whole = file.read_bytes()
    assert len(whole) == 8192
    assert problem(tmp_path) == ""
    file.write_bytes(whole[:size])
    assert "alarms.sqlite is damaged" in problem(tmp_path)


def test_events_end_where_a_kill_has_cut_them_and_nowhere_else(tmp_path: Path) -> None:
    frames = [*frame.encode([(1, "first")], 1), *frame.encode([(2, "second")], 2)]
    whole = b"".join(frames)
    file = put(tmp_path, "log-groups/g/s/0.log", whole)
    for size in (0, 10, len(frames[0]), len(whole) - 1, len(whole)):
        file.write_bytes(whole[:size])
        assert problem(tmp_path) == "", size
    for place in (0, frame.HEAD_BYTES, len(frames[0])):
        file.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        assert f"{file} is damaged" in problem(tmp_path), place


def test_what_may_be_empty_or_cut_is_not_damaged(tmp_path: Path) -> None:
    put(tmp_path, f"registry/blobs/{sha256(b'').hexdigest()}", "")
    put(tmp_path, "cloud/state/journal.jsonl", "")
    put(tmp_path, "cloud/state/sns.json", '{"__ministack_format__": 3, "payload": {}}')
    put(tmp_path, "inbox/messages.jsonl", '{"at": 1}\n{"at": ')
    put(tmp_path, "secrets/.password.0a1b", "")
    put(tmp_path, "terraform/terraform.tfstate", '{"encrypted_data": "..."}')
    put(tmp_path, "cloud/s3/1/bucket/a.meta.json", "the content of an object of this name")
    put(tmp_path, "cloud/s3/1/bucket/a.meta.json.meta.json", json.dumps({"size": 37}))
    assert problem(tmp_path) == ""


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="only Linux has it")
def test_a_file_that_the_disk_does_not_give_is_named(tmp_path: Path) -> None:
    file = put(tmp_path, "ecs/service-changes.json", "{}")
    file.unlink()
    file.symlink_to("/proc/self/mem")  # EIO, also for root
    assert f"{file} is damaged: it cannot be read" in problem(tmp_path)


_WRITING = """
import sys, threading
from pathlib import Path
from bonkei.base import kept
from bonkei.base.spool import Spool
from bonkei.miniature import manifest
from bonkei.miniature.intact import kept_files, require_intact
from bonkei.services.codepipeline.core.values import Book
from bonkei.services.codepipeline.record import Record

home = Path(sys.argv[1])
for name in ("ecs", "monitor", "cloud", "terraform", "pipelines/p/executions", "secrets"):
    (home / name).mkdir(parents=True, exist_ok=True)
spool = Spool(home / "functions" / "events", 1000)
require_intact(home)
print("begins", flush=True)
for cycle in range(10**6):
    manifest.begin(home, kept_files(home))
    record = Record(home / "pipelines" / "p")
    book = record.read()
    spool.open()

    def write(own):
        for number in range(20):
            kept.write_json(home / own, {"number": number, "text": "x" * number * 100}, indent=1)
            kept.write(home / "secrets" / own.replace("/", "-"), str(number))

    names = ("ecs/services.json", "monitor/rules.json", "cloud/used.json")
    threads = [threading.Thread(target=write, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for number in range(20):
        state = {"version": 4, "resources": [], "serial": cycle * 20 + number}
        text = repr(state).replace("'", '"').encode()
        kept.write(home / "terraform/terraform.tfstate", kept.sealed(text))
        spool.put(str(number), {"number": number})
        spool.remove(str(number - 1))
        after = Book(starts=cycle * 20 + number)
        record.write(book, after)
        book = after
    for thread in threads:
        thread.join()
    if cycle % 3:
        manifest.note(home, kept_files(home))
        print("noted", flush=True)
"""


def test_a_kill_at_any_moment_makes_no_file_look_damaged(tmp_path: Path) -> None:
    """Each process looks at the files first, as a start does, and is killed while it writes."""
    for number in range(25):
        started = [sys.executable, "-c", _WRITING, str(tmp_path)]
        with subprocess.Popen(started, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            assert process.stdout.readline() == b"begins\n", process.stderr.read().decode()
            time.sleep(number * 0.012)
            os.kill(process.pid, signal.SIGKILL)
        assert problem(tmp_path) == ""
