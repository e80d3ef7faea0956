"""Terraform's applies elsewhere: in a build, with the state in a bucket.

The miniature follows these states in addition to the state of its own folder of definitions. Each
state has a file below `terraform/applied-elsewhere` in the home, and a folder with the files that
its resources name.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from bonkei.base import kept
from bonkei.base.folders import matching
from bonkei.miniature import carried

_FOLDER = "applied-elsewhere"
_LARGEST = 256 * 1024 * 1024


def keep(home: Path, content: bytes, gathered: Path) -> None:
    """Keep a state: `{"place": "s3://…", "state": …}`. The latter is the output of `terraform show
    -json`. `gathered`: a folder of `carried.gather` with the files that its resources name. Any
    other document is ignored."""
    if len(content) > _LARGEST:
        return
    try:
        document = json.loads(content)
        name = hashlib.sha256(document["place"].encode()).hexdigest()[:16]
        is_empty = not document["state"].get("values")
    except (ValueError, KeyError, TypeError, AttributeError):
        return
    file = home / "terraform" / _FOLDER / f"{name}.json"
    try:
        carried.keep(document["state"], gathered, file.with_suffix(".files"))
    except (KeyError, TypeError, AttributeError):
        return
    if is_empty:
        file.unlink(missing_ok=True)
        return
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    kept.write_json(file, document)


def states(home: Path) -> Iterator[Mapping[str, Any]]:
    """All states, in the form of `terraform show -json`. Raises DamagedError."""
    without = "or remove it: the next apply of its pipeline makes it again"
    for file in matching(home / "terraform" / _FOLDER, "*.json"):
        state = kept.read_json(file, lambda document: dict(document["state"]), without)
        if state is not None:
            yield state


def services(home: Path) -> frozenset[str]:
    """The ARNs of the ECS services in these states."""
    return frozenset(
        str(values["id"])
        for state in states(home)
        for kind, values in carried.resources(state)
        if kind == "aws_ecs_service" and values.get("id")
    )


def mark(home: Path) -> tuple[tuple[str, int, int], ...]:
    """Differs when a state has changed since."""
    found = []
    for file in matching(home / "terraform" / _FOLDER, "*.json"):
        with suppress(OSError):
            about = file.stat()
            found.append((file.name, about.st_mtime_ns, about.st_size))
    return tuple(found)
