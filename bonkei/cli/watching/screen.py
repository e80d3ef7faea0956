"""The output of `bonkei watch`: lines for a person, or a JSON object for each event."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from bonkei.base.errors import BonkeiError
from bonkei.cli.typed import say

_SHOWN = 3  # files of a round


@dataclass
class Screen:
    """Shows the rounds. `failures`, by their source, are shown after each round until they are
    fixed."""

    as_json: bool
    root: Path
    failures: dict[str, BonkeiError] = field(default_factory=dict)

    def line(self, text: str) -> None:
        """Progress, for a person only."""
        if not self.as_json:
            say(text)

    def event(self, name: str, text: str, **more: Any) -> None:
        if self.as_json:
            click.echo(json.dumps({"event": name, **more}))
        else:
            say(text)

    def changed(self, files: Sequence[Path]) -> None:
        names = [self._short(file) for file in files]
        more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
        at = time.strftime("%H:%M:%S")
        self.event("changed", f"{at} {', '.join(names[:_SHOWN])}{more}", files=names)

    def failed(self, what: str, error: BonkeiError) -> None:
        self.failures[what] = error
        if self.as_json:
            more = {"what": what, "message": error.message, "remedy": error.remedy}
            click.echo(json.dumps({"event": "failed", **more}))

    def mended(self, what: str) -> None:
        self.failures.pop(what, None)

    def remaining(self) -> None:
        """The failures that are not yet fixed. The tasks from before keep running."""
        if self.as_json:
            return
        for what, error in self.failures.items():
            say(f"✗ {what}: {error.message}")
            if error.remedy:
                say("\n".join(f"  {line}" for line in error.remedy.splitlines()))
        if self.failures:
            say("  The tasks from before keep serving. Save a file to try again.")

    def _short(self, file: Path) -> str:
        return str(file.relative_to(self.root) if file.is_relative_to(self.root) else file)
