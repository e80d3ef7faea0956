"""Denials and used permissions, on disk for the commands that show them; bounded."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bonkei.base import kept
from bonkei.base.appending import LastLines

KEPT = 1_000
"""This many denials are kept. The file holds at most twice as many."""
RESOURCES = 50
"""This many resources of one action are remembered by name."""


@dataclass(frozen=True, slots=True)
class Denial:
    """`enforced`: False if the call was allowed all the same. `looked_at`: the addresses of the
    searched policies. `statement`: the one that denied explicitly."""

    time: float
    role: str
    caller: str
    action: str
    resource: str
    reason: str
    message: str
    enforced: bool
    looked_at: tuple[str, ...] = ()
    statement: str = ""
    absent_keys: tuple[str, ...] = ()

    def line(self) -> str:
        return json.dumps(asdict(self), separators=(",", ":"))


class Ledger:
    """Writes each denial at once, and a used permission at its first use."""

    def __init__(self, directory: Path) -> None:
        self.denied_file = directory / "denied.jsonl"
        self._denials = LastLines(self.denied_file, KEPT)
        self.used_file = directory / "used.json"
        self._used: dict[str, dict[str, list[str]]] = {}
        self._counts: Counter[tuple[str, str]] = Counter()

    def open(self) -> None:
        """Continue after an earlier run. A damaged file is replaced."""
        self._denials.open()
        with suppress(OSError, ValueError):
            found = kept.parsed(self.used_file.read_bytes())
            self._used = {role: dict(actions) for role, actions in found.items()}

    def deny(self, denial: Denial) -> None:
        """If the disk is full, nothing is recorded. The call must not fail for that."""
        with suppress(OSError):
            self.denied_file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._denials.add([denial.line()])

    def use(self, role: str, action: str, resource: str) -> None:
        self._counts[role, action] += 1
        resources = self._used.setdefault(role, {}).setdefault(action, [])
        if resource not in resources and len(resources) < RESOURCES:
            resources.append(resource)
            self._save()

    def used(self) -> Mapping[str, Mapping[str, list[str]]]:
        """Role -> action -> resources."""
        return self._used

    def counts(self) -> Mapping[tuple[str, str], int]:
        """How often each role has used each action, since the start."""
        return self._counts

    def _save(self) -> None:
        with suppress(OSError):
            kept.write_json(self.used_file, self._used, synced=False, indent=1, sort_keys=True)


def read_denials(file: Path) -> tuple[Mapping[str, Any], ...]:
    """The denials of a home, oldest first; none without a file. A line that a full disk has cut is
    left out."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return ()
    found: list[Mapping[str, Any]] = []
    for line in lines:
        with suppress(ValueError):
            found.append(json.loads(line))
    return tuple(found)[-KEPT:]
