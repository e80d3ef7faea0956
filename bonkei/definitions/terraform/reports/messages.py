"""Terraform's machine-readable output, which has one JSON object on each line.

Source: HashiCorp, "Machine-Readable UI" (developer.hashicorp.com/terraform/internals).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bonkei.definitions.terraform.errors import Diagnostic, read_diagnostic
from bonkei.definitions.terraform.reports.changes import ApplySummary

Report = Callable[[str], None]

_PREAMBLE = "Terraform encountered problems during initialisation"
"""How `init` announces the diagnostics that follow."""

_EVERY = 25
"""Resources between two lines of progress."""


@dataclass(slots=True)
class Listener:
    """Collects the diagnostics of one run, counts resources, and reports progress."""

    locate: Callable[[str], Path]
    report: Report = lambda _: None
    diagnostics: list[Diagnostic] = field(default_factory=list)
    summary: Mapping[str, Any] = field(default_factory=dict)
    _planned: int = 0
    _done: int = 0

    def applied(self) -> ApplySummary:
        """How many resources an apply or a destroy has touched."""
        counts = self.summary
        names = ("add", "change", "remove", "import")
        return ApplySummary(*(counts.get(name, 0) for name in names))

    def __call__(self, line: str) -> None:
        """Take in one line of output."""
        try:
            message = json.loads(line)
        except ValueError:
            return  # not everything that Terraform prints before it knows its options is JSON
        match message.get("type"):
            case "diagnostic" if not message["diagnostic"]["summary"].startswith(_PREAMBLE):
                self.diagnostics.append(read_diagnostic(message["diagnostic"], self.locate))
            case "planned_change" if message["change"]["action"] not in ("noop", "read"):
                self._planned += 1
            case "apply_complete" if message["hook"]["action"] != "read":
                self._done += 1
                if self._done % _EVERY == 0 and self._done < self._planned:
                    self.report(f"{self._done} of {self._planned} resources")
            case "change_summary":
                self.summary = message["changes"]
