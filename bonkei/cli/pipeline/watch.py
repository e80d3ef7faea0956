"""Follows an execution to its end: a line for each ended action, and a question for each
approval."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import click

from bonkei.cli.pipeline.client import Endpoint, RefusedError
from bonkei.cli.pipeline.run_view import ActionView, RunView, look, token, waits_for
from bonkei.cli.terminal import safe

_POLL = 0.5
_PART = 100  # characters of a long reason's beginning and end
_COMMENT = 512  # characters, as PutApprovalResult takes them
WAITS = 3
"""The exit code of a run that waits for an approval while no one is there to give it."""
_SIGNS = {"Succeeded": "✓", "Failed": "✗", "Abandoned": "-", "Stopped": "-"}


@dataclass(slots=True)
class Answers:
    """How approvals are answered. `all`: Approved or Rejected for each; empty to ask."""

    all: str = ""
    can_ask: bool = False
    asked: set[str] = field(default_factory=set)


class Watch:
    """`say` prints a line."""

    def __init__(self, endpoint: Endpoint, answers: Answers, say: Callable[[str], None]) -> None:
        self._endpoint = endpoint
        self._answers = answers
        self._say = say
        self._told: dict[str, str] = {}

    def follow(self, name: str, id_: str) -> tuple[RunView, bool]:
        """The execution at its end, or while it waits for an approval (then True)."""
        while True:
            view = look(self._endpoint, name, id_, time.time())
            self._tell(view)
            if view.is_over:
                return view, False
            if (approval := waits_for(view)) is not None and not self._answer(view, approval):
                return view, True
            time.sleep(_POLL)

    def _tell(self, view: RunView) -> None:
        for stage in view.skipped:
            self._once(f"  ○ {stage:<28} skipped: its condition is not met")
        if view.waits:
            self._once(f"  … waits before {view.waits}")
        for action in view.actions:
            if self._told.get(action.id) != action.status:
                self._told[action.id] = action.status
                self._say(line(action))

    def _once(self, text: str) -> None:
        if text not in self._told:
            self._told[text] = "told"
            self._say(text)

    def _answer(self, view: RunView, approval: ActionView) -> bool:
        """False: no one is there to answer."""
        status, said = self._answers.all, ""
        if approval.id in self._answers.asked:
            return True
        if not status and not self._answers.can_ask:
            return False
        if not status:
            status, said = self._ask(approval)
        held = token(self._endpoint, view, approval)
        if not held:
            return True  # it has been answered elsewhere meanwhile
        self._answers.asked.add(approval.id)
        try:
            self._endpoint.pipeline(
                "PutApprovalResult",
                pipelineName=view.pipeline,
                stageName=approval.stage,
                actionName=approval.name,
                token=held,
                result={"status": status, "summary": said[:_COMMENT] or "on the command line"},
            )
        except RefusedError as error:
            if error.code != "ApprovalAlreadyCompletedException":
                raise
        return True

    @staticmethod
    def _ask(approval: ActionView) -> tuple[str, str]:
        click.echo(f"\n  {safe(approval.summary)}\n", err=True)
        if click.confirm(f"  Approve {safe(approval.name)}?", default=False, err=True):
            return "Approved", ""
        said = click.prompt("  Why not", default="", show_default=False, err=True)
        return "Rejected", str(said)


def line(action: ActionView) -> str:
    """An action that has begun or ended."""
    name = f"{action.stage} {action.name}" if action.stage != action.name else action.stage
    if action.status == "InProgress":
        return f"  … {name:<28} {action.summary.splitlines()[0] if action.summary else ''}".rstrip()
    about = action.error or action.summary
    first = about.splitlines()[0] if about else ""
    if len(first) > 2 * _PART:  # the cause is at the end
        first = f"{first[:_PART]} … {first[-_PART:]}"
    return (
        f"  {_SIGNS.get(action.status, '-')} {name:<28} {action.seconds:7.1f} s  {first}".rstrip()
    )


def can_ask() -> bool:
    """Whether a person uses the terminal."""
    return sys.stdin.isatty() and sys.stderr.isatty()
