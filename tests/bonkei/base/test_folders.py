"""Folders that another process changes while they are read."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import bonkei
from bonkei.base.folders import below, bytes_of, changed_at, entries, matching, size_of, text_of
from bonkei.cli.observing.log_objects import LogObjects
from bonkei.definitions.sources import Sources
from bonkei.definitions.terraform.explanations.mentions import first_mention
from bonkei.definitions.terraform.inputs.elsewhere import Elsewhere, place_remote_states
from bonkei.definitions.terraform.inputs.fingerprint import digest_of_inputs, read_places
from bonkei.definitions.terraform.inputs.stamps import initialization
from bonkei.definitions.terraform.inputs.types import named
from bonkei.miniature.log_files.files import lines_with, present
from bonkei.services.ecr.unpacking import tidy
from bonkei.services.lambda_.package import forget_unused

_RESTLESS = """
import contextlib, os, pathlib, shutil, sys
root = pathlib.Path(sys.argv[1])
files = [root / name for name in ("main.tf", "a.gz", "7.log", "7.json", "4913")]
inner = [root / "inner" / "deeper" / each.name for each in files]
print("ready", flush=True)
while True:
    with contextlib.suppress(OSError):  # some readers remove, too
        inner[0].parent.mkdir(parents=True, exist_ok=True)
        for file in (*files, *inner):
            file.write_text("")
    with contextlib.suppress(OSError):
        os.symlink("someone@host.4711:1", root / ".#main.tf")
    for file in (*files, root / ".#main.tf"):
        file.unlink(missing_ok=True)
    shutil.rmtree(root / "inner", ignore_errors=True)
"""
_ENOUGH = 0.2  # seconds; each reader met a change within a fifth of them


@pytest.fixture
def changing(tmp_path: Path) -> Iterator[Path]:
    """A folder in which another process makes and removes files without a pause."""
    root = tmp_path / "project" / "changing"
    root.mkdir(parents=True)
    (root / "always.tf").write_text('module "a" { source = "./inner" }\n')
    command = [sys.executable, "-c", _RESTLESS, str(root)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline()
        yield root
        process.kill()


READERS: dict[str, Callable[[Path], object]] = {
    "places": lambda root: read_places(root, []),
    "initialization": lambda root: initialization(root, {}),
    "remote states": lambda root: place_remote_states(
        Elsewhere(), root, root, root.parent / "states"
    ),
    "mentions": lambda root: first_mention(re.compile("nowhere"), root),
    "sources": lambda root: Sources(root).place("aws_lb.this"),
    "logs": present,
    "lines": lambda root: lines_with(root, ["nowhere"], ""),
    "log objects": lambda root: LogObjects(root).found(),
    "unpacked images": tidy,
    "packages": lambda root: forget_unused(root, set()),
}


@pytest.mark.parametrize("name", READERS)
def test_readers_take_what_has_vanished_as_absent(name: str, changing: Path) -> None:
    end = time.monotonic() + _ENOUGH
    while time.monotonic() < end:
        READERS[name](changing)


@pytest.fixture
def edited(tmp_path: Path) -> Path:
    """Definitions while Emacs has a changed buffer: its lock is a link that leads nowhere."""
    (tmp_path / "main.tf").write_text('resource "aws_sqs_queue" "a" {}\n')
    (tmp_path / ".#main.tf").symlink_to("someone@host.4711:1700000000")
    return tmp_path


def test_an_editors_lock_changes_no_input_of_terraform(edited: Path) -> None:
    def inputs() -> object:
        types = named(edited, edited / ".terraform", None, all_blocks=True)
        return digest_of_inputs(edited, [], {}), initialization(edited, {}), types

    before = inputs()
    (edited / ".#main.tf").unlink()
    assert inputs() == before


def test_what_is_absent_has_nothing_in_it(edited: Path) -> None:
    for absent in (edited / "gone", edited / ".#main.tf", edited / "main.tf" / "inner"):
        assert (entries(absent), matching(absent, "*/*"), below(absent)) == ([], [], [])
        assert (text_of(absent), bytes_of(absent)) == (None, None)
        assert (size_of(absent), changed_at(absent)) == (0, 0.0)


def test_folders_are_searched_as_glob_does(tmp_path: Path) -> None:
    for name in ("a/x.log", "a/b/y.log", ".c/z.log", "w.log", "n.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    (tmp_path / "d").symlink_to("a")
    plain = ("*", "*.log", "*/*.log", "*/b/*.log", "*/*/*", "[aw]*", "?")
    named = ("a/*", "a/b/y.log", "./a/*.log", "a/../*.log", "a/b/none", "none/*")
    deep = ("**/*.log", "a/**/*", "**/b/*", "**/*/*.log")
    for pattern in (*plain, *named, *deep):
        assert matching(tmp_path, pattern) == sorted(tmp_path.glob(pattern))
    # `glob` of Python 3.13 finds files by this, too.
    assert matching(tmp_path, "**") == [tmp_path, *(tmp_path / name for name in (".c", "a", "a/b"))]
    assert below(tmp_path, ".log") == sorted(tmp_path.rglob("*.log"))
    assert len(below(tmp_path)) == 5


def test_only_what_does_not_change_meanwhile_is_read_by_pathlib() -> None:
    package = Path(bonkei.__file__).parent
    users = {
        file.relative_to(package).as_posix()
        for file in below(package, ".py")
        if re.search(r"\.(r?glob|iterdir)\(", file.read_text())
    }
    assert users == {
        "services/console/server.py",  # our own files
        "services/rds/binaries.py",  # an installation's
        "services/rds/files.py",  # a draft of its own
        "services/codebuild/tools/packages.py",  # an environment's
        "miniature/intact.py",  # before anything runs
        "services/endpoint/backing/states.py",  # before MiniStack runs
        "base/folders.py",
        "services/codepipeline/actions/upload.py",  # what it has unpacked itself
        "services/ecr/layers.py",  # what it has unpacked itself
    }
