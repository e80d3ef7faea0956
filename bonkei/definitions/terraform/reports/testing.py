"""The output of `terraform test`: its files, their runs and results.

Source: HashiCorp, "Machine-Readable UI" (developer.hashicorp.com/terraform/internals).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bonkei.base.folders import matching
from bonkei.definitions.terraform.errors import Diagnostic, read_diagnostic

_STATUSES = ("pass", "fail", "error", "skip")


@dataclass(frozen=True, slots=True)
class Run:
    """One `run` block. `status` is pass, fail, error or skip."""

    file: str  # relative to the definitions
    name: str
    status: str
    diagnostics: tuple[Diagnostic, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        problems = [one.as_dict() for one in self.diagnostics]
        return {
            "file": self.file,
            "run": self.name,
            "status": self.status,
            "diagnostics": problems,
        }


@dataclass(frozen=True, slots=True)
class TestReport:
    """The results of all runs."""

    runs: tuple[Run, ...]
    diagnostics: tuple[Diagnostic, ...] = ()
    """Diagnostics of a file or of the definitions, not of a run."""

    __test__ = False  # pytest: this is not a test

    @property
    def passed(self) -> bool:
        """Whether every run passed, and nothing else was wrong."""
        wrong = any(one.severity == "error" for one in self.diagnostics)
        return not wrong and all(run.status == "pass" for run in self.runs)

    def count(self, *statuses: str) -> int:
        """Count the runs that ended with this status."""
        return sum(run.status in statuses for run in self.runs)

    def summary(self) -> str:
        """One line."""
        line = f"{self.count('pass')} passed, {self.count('fail', 'error')} failed"
        skipped = self.count("skip")
        return line + (f", {skipped} skipped" if skipped else "")

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "passed": self.passed,
            "counts": {status: self.count(status) for status in _STATUSES},
            "runs": [run.as_dict() for run in self.runs],
            "diagnostics": [one.as_dict() for one in self.diagnostics],
        }


@dataclass(slots=True)
class TestListener:
    """Takes in the output line by line, and reports each run as it ends."""

    locate: Callable[[str], Path]
    report: Callable[[str], None]
    explain: Callable[[list[Diagnostic]], list[Diagnostic]]
    _ended: dict[tuple[str, str], str] = field(default_factory=dict)
    _said: dict[tuple[str, str], list[Diagnostic]] = field(default_factory=dict)
    _file: str = ""

    __test__ = False

    def __call__(self, line: str) -> None:
        """Take in one line of output."""
        try:
            message = json.loads(line)
        except ValueError:
            return
        match message.get("type"):
            case "test_run" if message["test_run"]["progress"] == "complete":
                self._run(message["test_run"])
            case "diagnostic":
                self._diagnostic(message)

    def _run(self, run: Mapping[str, Any]) -> None:
        if run["path"] != self._file:
            self._file = run["path"]
            self.report(self._file)
        self._ended[run["path"], run["run"]] = run["status"]
        self.report(f"  {run['status']:<5} {run['run']}")

    def _diagnostic(self, message: Mapping[str, Any]) -> None:
        where = (message.get("@testfile", ""), message.get("@testrun", ""))
        found = read_diagnostic(message["diagnostic"], self.locate)
        for one in self.explain([found]):
            self._said.setdefault(where, []).append(one)
            indented = one.render().replace("\n", "\n        ")
            self.report(f"        {indented}" if where in self._ended else one.render())

    def result(self) -> TestReport:
        """The report of the whole output."""
        runs = tuple(
            Run(file, name, status, tuple(self._said.get((file, name), ())))
            for (file, name), status in self._ended.items()
        )
        others = (said for where, said in self._said.items() if where not in self._ended)
        return TestReport(runs, tuple(one for said in others for one in said))


def once(report: Callable[[str], None]) -> Callable[[], Callable[[str], None]]:
    """Begin an attempt at the same tests. Its lines are reported, except those that an earlier
    attempt has reported."""
    reported: Counter[str] = Counter()

    def begin() -> Callable[[str], None]:
        before = reported.copy()

        def line(text: str) -> None:
            if before[text]:
                before[text] -= 1
            else:
                reported[text] += 1
                report(text)

        return line

    return begin


def test_files(definitions: Path) -> list[str]:
    """The test files that Terraform looks for, relative to the definitions.

    https://developer.hashicorp.com/terraform/language/tests
    """
    folders = (definitions, definitions / "tests")
    found = (
        str(file.relative_to(definitions))
        for folder in folders
        for end in ("hcl", "json")
        for file in matching(folder, f"*.tftest.{end}")
    )
    return sorted(found)


test_files.__test__ = False  # type: ignore[attr-defined]
