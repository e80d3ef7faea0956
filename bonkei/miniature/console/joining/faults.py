"""Faults and drills on the console."""

from __future__ import annotations

from bonkei.miniature.assembly import Assembly
from bonkei.miniature.changes import Changes
from bonkei.miniature.console.faults import FaultSources, offer_faults
from bonkei.miniature.control.faults import ask_of
from bonkei.services.console import Json


def join_faults(assembly: Assembly, changes: Changes) -> None:
    """Give the console the topics and actions of faults."""
    room = assembly.faults
    sources = FaultSources(room.faults, room.drills, room.targets, ask_of, changes.started)
    offer_faults(assembly.console, sources)


def faults_badge(assembly: Assembly) -> Json:
    """The number of current faults. Other problems may be their effect."""
    count = len(assembly.faults.faults.snapshot().active)
    return {"text": str(count), "kind": "warn"} if count else None
