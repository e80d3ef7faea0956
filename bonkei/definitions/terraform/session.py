"""Calls to Terraform beside a running provider."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bonkei.definitions.terraform.errors import refused, unexplained
from bonkei.definitions.terraform.explanations.explain import explain
from bonkei.definitions.terraform.inputs.mirror import Mirror
from bonkei.definitions.terraform.reports.messages import Listener, Report
from bonkei.definitions.terraform.runs import run as runs
from bonkei.definitions.terraform.runs.endings import Leave, awaited


def silent(_: str) -> None:
    """Ignore reports."""


def nothing() -> None:
    """Do nothing."""


@dataclass(frozen=True, slots=True)
class Session:
    """The command for Terraform, and the mapping of its file names."""

    command: Sequence[str]
    mirror: Mirror
    definitions: Path
    environment: Mapping[str, str]
    begin: runs.Start
    leave: Leave = awaited
    show_types: Callable[[], None] = nothing
    """What the provider waits for, and Terraform needs after it has read the definitions."""

    def run(
        self,
        *arguments: str,
        on_line: Callable[[str], None] = silent,
        meanwhile: Callable[[], None] = nothing,
    ) -> runs.Result:
        """One run of Terraform, however it ends. `meanwhile` is called while it starts."""

        def beside() -> None:
            self.show_types()
            meanwhile()

        return runs.run(
            [*self.command, *arguments],
            directory=self.mirror.path,
            environment=self.environment,
            on_line=on_line,
            meanwhile=beside,
            begin=self.begin,
            leave=self.leave,
        )

    def listen(
        self,
        operation: str,
        *options: str,
        report: Report = silent,
        meanwhile: Callable[[], None] = nothing,
    ) -> Listener:
        """Run an operation with JSON output. Raises TerraformError when Terraform refuses it."""
        listener = Listener(self.mirror.locate, report)
        result = self.run(operation, "-json", *options, on_line=listener, meanwhile=meanwhile)
        listener.diagnostics = explain(listener.diagnostics, self.definitions)
        if result.code and not listener.diagnostics:
            raise unexplained(result.text, operation)
        if result.code:
            raise refused(listener.diagnostics, operation)
        return listener


def read_json(result: runs.Result) -> dict[str, Any]:
    """Return a run's output as JSON. Raises TerraformError when it is not JSON."""
    try:
        return dict(json.loads("".join(result.lines)))
    except ValueError:
        raise unexplained(result.text, "show") from None
