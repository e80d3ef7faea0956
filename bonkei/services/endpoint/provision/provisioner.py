"""Takes the steps, and remembers the created things in a file below the home."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, Protocol

from bonkei.base import kept
from bonkei.services.endpoint.provision.reconcile import Made, Work, reconcile
from bonkei.services.endpoint.provision.step import (
    Call,
    EmptyStep,
    JsonStep,
    S3Step,
    Step,
    Thing,
    Unless,
)

_KINDS: dict[str, Callable[..., Call]] = {
    "JsonStep": JsonStep,
    "S3Step": S3Step,
    "EmptyStep": EmptyStep,
}

MADE = "made.json"
"""The file's name, in the service's own folder."""
_AT_ONCE = 8
"""Steps that are taken at the same time."""


class Store(Protocol):
    """Where the steps are taken."""

    async def take(self, call: Call, region: str) -> tuple[str, str]:
        """Code and message of the error; both empty when it succeeded."""


@dataclass(frozen=True, slots=True)
class _Outcome:
    note: str
    left: str = ""  # the thing that should have gone


class Provisioner:
    """`file` is where it remembers."""

    def __init__(self, store: Store, file: Path) -> None:
        self._store = store
        self._file = file
        self._at_once = asyncio.Semaphore(_AT_ONCE)

    async def reconcile(self, things: Sequence[Thing]) -> tuple[str, ...]:
        """Create the declared things. Returns the differences: address and reason."""
        made = read_made(self._file)
        outcomes: list[_Outcome] = []
        for _, phase in groupby(reconcile(things, made), lambda work: work.phase):
            chains: dict[str, list[Work]] = {}
            for work in phase:
                chains.setdefault("" if work.removes else work.subject, []).append(work)
            done = await asyncio.gather(*map(self._in_order, chains.values()))
            outcomes += [outcome for chain in done for outcome in chain]
        left = {outcome.left for outcome in outcomes}
        notes = [outcome.note for outcome in outcomes]
        kept = {name: each for name, each in made.items() if name in left}
        self._write(
            kept
            | {
                thing.id: Made(thing.fingerprint, thing.region, thing.end, thing.identity)
                for thing in things
            }
        )
        return tuple(notes)

    async def _in_order(self, chain: Sequence[Work]) -> list[_Outcome]:
        """The works that did not succeed."""
        outcomes = []
        async with self._at_once:
            for work in chain:
                for step in work.steps:
                    code, message = await self._take(step, work.region)
                    if code and work.removes:
                        note = f"{work.subject} stays: {code}: {message}"
                        outcomes.append(_Outcome(note, work.subject))
                    elif code:
                        note = f"{work.subject} is not as declared: {code}: {message}"
                        outcomes.append(_Outcome(note))
        return outcomes

    async def _take(self, step: Step, region: str) -> tuple[str, str]:
        if isinstance(step, Unless):
            code, _ = await self._store.take(step.probe, region)
            if not code:
                return "", ""
            step = step.call
        code, message = await self._store.take(step, region)
        return ("", "") if code in step.accepted else (code, message)

    def _write(self, made: dict[str, Made]) -> None:
        content = {
            name: {
                "fingerprint": each.fingerprint,
                "region": each.region,
                "end": [_plain(call) for call in each.end],
                "identity": each.identity,
            }
            for name, each in made.items()
        }
        kept.write_json(self._file, content, indent=1)


def read_made(file: Path) -> dict[str, Made]:
    """The memory of a provisioner; empty without a file. Raises DamagedError."""
    without = "or remove it: what is declared is made where it is missing"
    return kept.read_json(file, _made, without) or {}


def _made(content: Mapping[str, Any]) -> dict[str, Made]:
    return {
        name: Made(
            entry["fingerprint"],
            entry["region"],
            tuple(_call(each) for each in entry["end"]),
            entry.get("identity", ""),
        )
        for name, entry in content.items()
    }


def _plain(call: Call) -> dict[str, Any]:
    fields = asdict(call)
    return {"kind": type(call).__name__, **fields, "accepted": sorted(fields["accepted"])}


def _call(entry: dict[str, Any]) -> Call:
    fields = {name: value for name, value in entry.items() if name != "kind"}
    if "headers" in fields:
        fields["headers"] = tuple((name, value) for name, value in fields["headers"])
    return _KINDS[entry["kind"]](**{**fields, "accepted": frozenset(fields["accepted"])})
