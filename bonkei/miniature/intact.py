"""Looks at what a home keeps before a start touches any of it.

A part that met a damaged file in the middle of a start could only go on without it, and what it
writes next would replace what a copy brings back. So a start with a damaged file does not begin.
Caches and logs are not looked at: each start makes them anew, or goes on behind them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bonkei.base.folders import bytes_of, matching, size_of
from bonkei.base.kept import DamagedError, parsed, problem_of
from bonkei.miniature import manifest
from bonkei.services.endpoint.backing import states
from bonkei.services.logs.store import frame
from bonkei.services.rds.place import require_whole

Check = Callable[[bytes], object]
"""Raises ValueError, TypeError, KeyError or AttributeError for a damaged content."""

_SQLITE = b"SQLite format 3\0"
_NOTHING = hashlib.sha256().hexdigest()
_RESET = "without one, begin from nothing, also with the data: bonkei reset"


def _json(content: bytes) -> None:
    parsed(content).keys()


def _terraform(content: bytes) -> None:
    state = parsed(content)
    if "encrypted_data" not in state:
        state["version"], state["resources"]


def _lines(content: bytes) -> None:
    _text(content)
    _each_line(content, json.loads)


def _each_line(content: bytes, check: Callable[[bytes], object]) -> None:
    """The last line may be cut: it was being written."""
    for line in content.splitlines(keepends=True):
        if line.endswith(b"\n"):
            check(line)


def _journal(content: bytes) -> None:
    """It is empty after each snapshot."""
    _each_line(content, states.check_entry)


def _text(content: bytes) -> None:
    if not content.strip(b"\0 \r\n\t"):
        raise ValueError("it is empty")


def _key(content: bytes) -> None:
    if len(content) != 32:
        raise ValueError(f"it has {len(content)} bytes in place of 32")


def _database(content: bytes) -> None:
    """The first page tells the number and the size of all ("Database File Format", 1.3)."""
    if not content.startswith(_SQLITE):
        raise ValueError("it is not a database of SQLite")
    size, changes, pages, counted = (
        int.from_bytes(content[place], "big")
        for place in (slice(16, 18), slice(24, 28), slice(28, 32), slice(92, 96))
    )
    size = 65536 if size == 1 else size
    if changes == counted and pages * size > len(content):
        raise ValueError(f"it is cut: it has {len(content)} bytes in place of {pages * size}")


def _frames(content: bytes) -> None:
    """Of an unfinished segment of events. The last frame may be cut: it was being written."""
    end = 0
    for offset, head in frame.whole(content):
        end = offset + frame.HEAD_BYTES + head.length
    head_after = frame.head_of(content, end)
    rest = len(content) - end
    is_cut = rest < frame.HEAD_BYTES or (
        head_after is not None and rest < frame.HEAD_BYTES + head_after.length
    )
    if not is_cut:
        raise ValueError(f"the events after byte {end} cannot be read")


@dataclass(frozen=True, slots=True)
class _Kept:
    """Files of a home. `without`: what follows "put back a copy of the file"."""

    pattern: str
    check: Check
    without: str


def _or_remove(pattern: str, check: Check, then: str) -> _Kept:
    return _Kept(pattern, check, f"or remove it: {then}")


_OBJECT = "or remove both of the object's files: it is lost"
_KEPT = (
    _Kept("terraform/terraform.tfstate", _terraform, _RESET),
    _Kept("terraform/states/*/terraform.tfstate", _terraform, _RESET),
    _Kept("terraform/roots/*/terraform.tfstate", _terraform, _RESET),
    _Kept("terraform/roots/*/states/*/terraform.tfstate", _terraform, _RESET),
    _or_remove("terraform/applied-elsewhere/*.json", _json, "the pipeline's next apply makes it"),
    _or_remove("terraform/counters.json", _json, "its series of numbers begin at 1"),
    _Kept("cloud/state/*.json", states.check, states.ANEW),
    _or_remove("cloud/state/journal.jsonl", _journal, "the last changes in it are lost"),
    _Kept("cloud/state/journal.mark", states.check_mark, states.MARK),
    _or_remove("cloud/made.json", _json, "what is declared is made where it is missing"),
    _or_remove("cloud/used.json", _json, "the list of used permissions begins empty"),
    _or_remove("cloud/key", _key, "credentials that were handed out do not hold any more"),
    _or_remove("cloudformation/*.json", _json, "the stack is forgotten, and its resources go"),
    _or_remove("ecs/task-definitions.json", _json, "registered task definitions are forgotten"),
    _or_remove("ecs/*.json", _json, "services are as they are declared"),
    _or_remove("monitor/rules.json", _json, "rules that calls made are forgotten"),
    _or_remove("monitor/alarms.sqlite", _database, "states and history begin empty"),
    _or_remove("monitor/metrics.sqlite", _database, "the metrics begin empty"),
    _or_remove("pipelines/*/pipeline.json", _json, "executions stay, what waits is forgotten"),
    _or_remove("pipelines/*/executions/*.json", _json, "the execution is forgotten"),
    _or_remove("builds/records/*.json", _json, "the build is forgotten"),
    _or_remove("registry/made.json", _json, "repositories that calls have made are forgotten"),
    _or_remove("registry/repositories/*.json", _json, "its images are forgotten"),
    _or_remove("images/repositories/*.json", _json, "its images are fetched again"),
    _or_remove("registry/scans/*/*.json", _json, "the scan is forgotten"),
    _or_remove("repositories/*.git/bonkei.json", _json, "its description is forgotten; a "
               "repository that is not declared is created again with its name"),
    _or_remove("topics/subscriptions.json", _json, "what calls subscribed is forgotten"),
    _or_remove("topics/deliveries/*.json", _json, "the message is not delivered"),
    _or_remove("functions/events/*.json", _json, "the event is lost"),
    _Kept("log-groups/*/group.json", _json, "or remove its folder: the group's events go"),
    _Kept("log-groups/*/*/stream.json", _json, "or remove its folder: the stream's events go"),
    _or_remove("log-groups/policies.json", _json, "policies that calls made are forgotten"),
    _or_remove("log-groups/exports.json", _json, "the database's log is exported once more"),
    _or_remove("inbox/messages.jsonl", _lines, "the inbox begins empty"),
    _or_remove("database/beside.json", _json, "restored clusters and snapshots are forgotten"),
    _Kept("secrets/[!.]*", _text, "or write the secret's value into it"),
    _or_remove("programs.json", _json, "what the definitions run is asked again"),
    _or_remove("started", _text, "the first start's commands run again"),
)  # fmt: skip


def require_intact(home: Path) -> None:
    """Raises DamagedError, which names every damaged file; DatabaseError for the place of the
    databases."""
    require_whole(home)
    found = [*_damaged(home)]
    seen = {each.file for each in found}
    found += [each for each in manifest.changed(home) if each.file not in seen]
    if not found:
        return
    first = found[0]
    others = "".join(f"\nalso {each.message}; {each.remedy}" for each in found[1:])
    raise DamagedError(first.file, f"{first.problem}{others}", first.without)


def kept_files(home: Path) -> dict[Path, _Kept]:
    """The files that hold what exists nowhere else; the first pattern counts."""
    found: dict[Path, _Kept] = {}
    for kept in _KEPT:
        for file in matching(home, kept.pattern):
            if file.is_file():
                found.setdefault(file, kept)
    return found


def _damaged(home: Path) -> Iterator[DamagedError]:
    for each, kept in kept_files(home).items():
        yield from _found(each, kept.check, kept.without)
    for file in matching(home, "log-groups/*/*/*.log"):
        if not file.with_suffix(".pages").exists():
            yield from _found(file, _frames, "or remove it: the events in it are lost")
    for file in matching(home, "registry/blobs/*"):
        if not size_of(file) and file.name != _NOTHING:
            yield DamagedError(file, "it is empty", "or remove it, and push its image again")
    yield from states.older(home / "cloud" / "state")
    yield from _objects(home / "cloud" / "s3")


def _objects(folder: Path) -> Iterator[DamagedError]:
    """Each object has a file of its own for its settings."""
    for about in folder.rglob("*.meta.json"):
        if not about.with_name(f"{about.name}.meta.json").exists():  # it is an object of that name
            yield from _found(about, _json, _OBJECT)
            content = about.with_name(about.name.removesuffix(".meta.json"))
            if content.is_file() and not size_of(content) and _said_size(about):
                yield DamagedError(content, "it is empty", _OBJECT)


def _said_size(about: Path) -> int:
    try:
        return int(json.loads(bytes_of(about) or b"{}").get("size") or 0)
    except (ValueError, AttributeError):
        return 0


def _found(file: Path, check: Check, without: str) -> Iterator[DamagedError]:
    try:
        check(bytes_of(file) or b"")
    except OSError as error:
        yield DamagedError(file, f"it cannot be read: {error.strerror}", without)
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        yield DamagedError(file, problem_of(error), without)
