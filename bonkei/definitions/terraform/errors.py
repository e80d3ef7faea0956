"""Terraform's diagnostics about the definitions, with their place in the source."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bonkei.base.errors import BonkeiError

_CRASH = re.compile(r"TERRAFORM CRASH[\s\S]*?^panic: (.*)$", re.MULTILINE)
_AT = re.compile(r"\bat ([\w./-]+\.tf(?:vars)?(?:\.json)?):(\d+)(?:,\d+-\d+)?")
"""A place in the text of an error: `at modules/edge/variables.tf:167,3-13`."""


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One error or warning. `file` is the original file, not a copy."""

    severity: str  # error | warning
    summary: str
    detail: str = ""
    file: Path | None = None
    line: int | None = None
    context: str = ""  # such as: resource "aws_vpc" "this"
    code: str = ""
    values: tuple[str, ...] = ()  # such as: var.count is 3

    def render(self) -> str:
        """Several lines of text, as Terraform shows it."""
        lines = [f"{self.severity.capitalize()}: {self.summary}"]
        if self.file is not None:
            within = f", in {self.context}" if self.context else ""
            lines.append(f"  on {relative(self.file)} line {self.line}{within}:")
        if self.code:
            lines += [f"  {number:>4}: {text}" for number, text in self._numbered()]
        lines += [f"        {value}" for value in self.values]
        if self.detail:
            lines += ["", *(f"  {line}" if line else "" for line in self.detail.splitlines())]
        return "\n".join(lines)

    def as_dict(self) -> dict[str, Any]:
        """Return it in the form of JSON."""
        return {
            "severity": self.severity,
            "summary": self.summary,
            "detail": self.detail,
            "file": None if self.file is None else relative(self.file),
            "line": self.line,
        }

    def _numbered(self) -> list[tuple[int, str]]:
        return [*enumerate(self.code.splitlines(), start=self.line or 1)]


class TerraformError(BonkeiError):
    """Terraform refused the definitions, or could not be run."""

    def __init__(
        self, message: str, *, remedy: str = "", diagnostics: Sequence[Diagnostic] = ()
    ) -> None:
        super().__init__(message, remedy=remedy)
        self.diagnostics = tuple(diagnostics)


def refused(diagnostics: Sequence[Diagnostic], operation: str) -> TerraformError:
    """The error that shows all of Terraform's errors."""
    errors = [d for d in diagnostics if d.severity == "error"]
    shown = "\n\n".join(error.render() for error in errors)
    return TerraformError(
        shown or f"terraform {operation} failed without an error message",
        remedy="" if errors else "set TF_LOG=trace and run it again to see its steps",
        diagnostics=diagnostics,
    )


def unexplained(text: str, operation: str) -> TerraformError:
    """The error for a Terraform that failed without a diagnostic. For a crash it has the first
    words."""
    crash = _CRASH.search(text)
    if crash is None:
        return TerraformError(text or f"terraform {operation} failed without a message")
    return TerraformError(
        f"Terraform itself crashed on these definitions ({crash[1].strip()})",
        remedy="`bonkei fmt --check` finds syntax errors, the usual cause;"
        " BONKEI_TERRAFORM names another Terraform to try",
    )


def read_diagnostic(document: Mapping[str, Any], locate: Callable[[str], Path]) -> Diagnostic:
    """Read a diagnostic from Terraform's JSON form. `locate` maps a file name of Terraform's to the
    real file."""
    snippet = document.get("snippet") or {}
    detail = document.get("detail") or ""
    file, line = _place(document.get("range"), detail)
    return Diagnostic(
        severity=document["severity"],
        summary=document["summary"],
        detail=_AT.sub(lambda at: f"at {relative(locate(at[1]))} line {at[2]}", detail),
        file=locate(file) if file else None,
        line=line,
        context=snippet.get("context") or "",
        code=snippet.get("code") or "",
        values=tuple(
            f"{value['traversal']} {value['statement']}" for value in snippet.get("values") or ()
        ),
    )


def _place(given: Mapping[str, Any] | None, detail: str) -> tuple[str | None, int | None]:
    """The file in Terraform's form, and the line. Some errors have them only in their text."""
    if given and given.get("filename") not in (None, "", "<empty>"):  # a block that is not written
        return given["filename"], given["start"]["line"]
    if at := _AT.search(detail):
        return at[1], int(at[2])
    return None, None


def relative(file: Path) -> str:
    """Name a file relative to the user's current folder if that is shorter."""
    relative = os.path.relpath(file)
    return str(file) if relative.startswith("..") else relative
