"""The bus's newest events about deployments, tasks, targets and scaling, bounded."""

from __future__ import annotations

import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bonkei.base.events import (
    Bus,
    DeploymentStateChanged,
    DesiredCountChanged,
    TargetChecked,
    TargetHealthChanged,
    TaskStateChanged,
)
from bonkei.miniature.rollout.watch import INTENDED

MOST_ENTRIES = 1000
MOST_TARGETS = 500
CHECKS_EACH = 30


@dataclass(frozen=True, slots=True)
class Entry:
    """`kind`: deployment | task | target | scaling. `tone`: good | busy | warn | bad | off.
    `service` and `task` are empty if unknown."""

    number: int
    at: float
    kind: str
    tone: str
    word: str
    reason: str = ""
    service_arn: str = ""
    task_id: str = ""
    about: str = ""  # the ARN of the task definition or the target group
    deployment: str = ""  # its id


@dataclass(frozen=True, slots=True)
class Check:
    """One health check of a load balancer."""

    at: float
    passed: bool
    state: str
    detail: str = ""


_TONES = {
    "COMPLETED": "good",
    "HEALTHY": "good",
    "RUNNING": "good",
    "healthy": "good",
    "FAILED": "bad",
    "unhealthy": "bad",
    "STOPPED": "off",
    "unused": "off",
}


class Timeline:
    """Hears from the bus until `stop`."""

    def __init__(self, bus: Bus, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._entries: deque[Entry] = deque(maxlen=MOST_ENTRIES)
        self._checks: OrderedDict[tuple[str, str], deque[Check]] = OrderedDict()
        self._targets: OrderedDict[tuple[str, str], str] = OrderedDict()
        self._number = 0
        self._undo = [
            bus.subscribe(DeploymentStateChanged, self._on_deployment),
            bus.subscribe(TaskStateChanged, self._on_task),
            bus.subscribe(TargetHealthChanged, self._on_target),
            bus.subscribe(DesiredCountChanged, self._on_scaling),
            bus.subscribe(TargetChecked, self._on_check),
        ]

    def stop(self) -> None:
        """Hear nothing any more."""
        for undo in self._undo:
            undo()
        self._undo.clear()

    def entries(self, service_arn: str = "", task_id: str = "", most: int = 200) -> list[Entry]:
        """Newest first; for a service or a task, or for all."""
        found = [
            entry
            for entry in reversed(self._entries)
            if (not service_arn or entry.service_arn == service_arn)
            and (not task_id or entry.task_id == task_id)
        ]
        return found[:most]

    def checks(self, task_id: str) -> dict[str, list[Check]]:
        """The last checks of a task, oldest first, by target group."""
        return {
            group: list(kept) for (group, task), kept in self._checks.items() if task == task_id
        }

    @property
    def size(self) -> int:
        """How many entries and checks are kept."""
        return len(self._entries) + sum(map(len, self._checks.values())) + len(self._targets)

    def _on_deployment(self, event: DeploymentStateChanged) -> None:
        tone = _TONES.get(event.rollout_state, "busy")
        self._add(
            "deployment", tone, event.rollout_state, event.reason, event.service_arn,
            about=event.task_definition_arn, deployment=event.deployment_id,
        )  # fmt: skip

    def _on_task(self, event: TaskStateChanged) -> None:
        ended_badly = event.last_status == "STOPPED" and _is_bad(event.reason)
        tone = "bad" if ended_badly else _TONES.get(event.last_status, "busy")
        if event.health == "UNHEALTHY":
            tone = "bad"
        health = "" if event.health == "UNKNOWN" else f", {event.health}"
        word = f"{event.last_status}{health if event.last_status == 'RUNNING' else ''}"
        self._add("task", tone, word, event.reason, event.service_arn, event.task_id)

    def _on_target(self, event: TargetHealthChanged) -> None:
        """If only the reason of a target's state changes, this is not an event."""
        key = event.target_group_arn, event.task_id
        if self._targets.get(key) == event.state:
            return
        self._targets[key] = event.state
        _bound(self._targets)
        tone = _TONES.get(event.state, "busy")
        group = event.target_group_arn
        self._add("target", tone, event.state, event.reason, "", event.task_id, group)

    def _on_scaling(self, event: DesiredCountChanged) -> None:
        word = f"desired count {event.desired_count}"
        self._add("scaling", "busy", word, event.cause, event.service_arn)

    def _on_check(self, event: TargetChecked) -> None:
        key = event.target_group_arn, event.task_id
        kept = self._checks.setdefault(key, deque(maxlen=CHECKS_EACH))
        kept.append(Check(self._clock(), event.passed, event.state, event.detail))
        self._checks.move_to_end(key)
        _bound(self._checks)

    def _add(
        self, kind: str, tone: str, word: str, reason: str, service: str, task: str = "",
        about: str = "", deployment: str = "",
    ) -> None:  # fmt: skip
        self._number += 1
        at = self._clock()
        self._entries.append(
            Entry(self._number, at, kind, tone, word, reason, service, task, about, deployment)
        )


_WANTED = (INTENDED, "Task stopped by user", "The miniature is stopped", "Cancelled")


def _is_bad(reason: str) -> bool:
    """Whether a task has ended without anybody's intention."""
    return not reason.startswith(_WANTED)


def _bound(kept: OrderedDict[tuple[str, str], Any]) -> None:
    while len(kept) > MOST_TARGETS:
        kept.popitem(last=False)
