"""State shared by all operations of a provider process: the home, the clock, the states seen."""

from __future__ import annotations

import base64
import contextlib
import json
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bonkei.base.vault import FileVault, MemoryVault, Vault
from bonkei.definitions.provider import private
from bonkei.definitions.provider.behaviour import ACCOUNT_ID, count_from_one
from bonkei.definitions.provider.counters import FileCounters
from bonkei.definitions.provider.schema import Block, without_gaps
from bonkei.definitions.provider.values import Object


def canonical(type_name: str) -> str:
    """One name for a type that has two, such as aws_alb and aws_lb."""
    return type_name.replace("aws_alb", "aws_lb")


class Peers:
    """The last known state of each resource: from the state file, or from a later operation."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._states: dict[str, dict[str, Object]] = {}
        self._schemas: list[Mapping[str, Block]] = []

    def know(self, types: Mapping[str, Block]) -> None:
        """Learn the blocks of a provider's types. A state has no key for those that Terraform was
        not shown (`bonkei.definitions.provider.plugin.selection`)."""
        if not any(types is known for known in self._schemas):
            self._schemas.append(types)

    def remember(self, state: Mapping[str, Any]) -> None:
        """Take in Terraform's state file, also resources that this process has not read."""
        for resource in state.get("resources") or ():
            for instance in resource["instances"] if resource["mode"] == "managed" else ():
                if instance.get("private") and not instance.get("deposed"):
                    token = private.read(base64.b64decode(instance["private"])).token
                    self.saw(resource["type"], token, instance["attributes"])

    def saw(self, type_name: str, token: str, state: Object | None) -> None:
        """Remember a resource's state; None means that it is gone."""
        with self._lock:
            states = self._states.setdefault(canonical(type_name), {})
            if state is None:
                states.pop(token, None)
            else:
                states[token] = state

    def of(self, type_name: str) -> Sequence[Object]:
        """The states of a type's resources, under any of its names, with all blocks."""
        with self._lock:
            found = tuple(self._states.get(canonical(type_name), {}).values())
            block = next((each[type_name] for each in self._schemas if type_name in each), None)
            return found if block is None else tuple(without_gaps(one, block) for one in found)


def utc_now() -> str:
    """The time as AWS writes it, RFC 3339 in UTC to the second."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The storage of secrets and counters, and the clock."""

    vault: Vault = field(default_factory=MemoryVault)
    sequence: Callable[[str], int] = field(default_factory=count_from_one)
    clock: Callable[[], str] = utc_now
    peers: Peers = field(default_factory=Peers)
    existing: Sequence[Mapping[str, Any]] = ()
    """The resources outside the stack (`bonkei.definitions.provider.existing`)."""
    account_id: str = ACCOUNT_ID
    aws_rules: str = "error"
    """What breaks a rule of AWS's: `error` or `warning`."""
    observed: Mapping[str, Mapping[str, Object | None]] = field(default_factory=dict)
    """What others have changed of resources since the state was written: attributes by type and
    id. None: it is gone."""
    types: Path | None = None
    """A file that names the types of AWS's provider which are needed, once it is there."""


def read(document: Mapping[str, Any]) -> Surroundings:
    """The surroundings that live below the miniature's home: `home`, `state` (a file's path or
    null), `account_id`, `existing`, and, if anything is, `beside` (further states), `aws_rules`,
    `observed` and `types` (a file's path)."""
    home = Path(document["home"])
    peers = Peers()
    for file in (document["state"], *document.get("beside", ())):
        if file:
            with contextlib.suppress(FileNotFoundError, ValueError):  # none yet, or one cut short
                peers.remember(json.loads(Path(file).read_text(encoding="utf-8")))
    return Surroundings(
        vault=FileVault(home / "secrets"),
        sequence=FileCounters(home / "terraform" / "counters.json"),
        peers=peers,
        existing=document["existing"],
        account_id=document["account_id"],
        aws_rules=document.get("aws_rules", "error"),
        observed=document.get("observed", {}),
        types=Path(document["types"]) if document.get("types") else None,
    )
