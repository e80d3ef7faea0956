"""Findings for a person, and as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from bonkei.analysis.check.finding import Finding, Severity
from bonkei.analysis.check.subject import Rule


def render_text(findings: Sequence[Finding], rules: Sequence[Rule], root: Path) -> str:
    """Write a paragraph for each finding, a line for each allowed one, and totals."""
    open_ones = [finding for finding in findings if not finding.allowed]
    allowed = [finding for finding in findings if finding.allowed]
    paragraphs = [_paragraph(finding, root) for finding in open_ones]
    if allowed:
        lines = [f"allowed  {place(f, root)}  {f.rule}: {f.allowed}" for f in allowed]
        paragraphs.append("\n".join(lines))
    paragraphs.append(_sum(open_ones, len(allowed), len(rules)))
    return "\n\n".join(paragraphs)


def render_json(findings: Sequence[Finding], root: Path) -> str:
    """A list of objects with the names of `Finding`; `file` is relative to `root`."""
    return json.dumps([_object(finding, root) for finding in findings], indent=2)


def place(finding: Finding, root: Path) -> str:
    """Write file:line, relative to `root`, or the address if there is no file."""
    if finding.file is None:
        return finding.address
    return f"{relative(finding.file, root)}:{finding.line}"


def relative(file: Path, root: Path) -> str:
    """The path relative to `root`, with forward slashes; unchanged if it lies elsewhere."""
    try:
        return file.relative_to(root.resolve()).as_posix()
    except ValueError:
        return file.as_posix()


def _paragraph(finding: Finding, root: Path) -> str:
    return "\n".join(
        (
            f"{finding.severity.value}  {place(finding, root)}  {finding.rule}",
            f"  {finding.message}",
            f"  in {finding.address}",
            f"  -> {finding.remedy}",
            f"  see {finding.source}",
        )
    )


def _sum(findings: Sequence[Finding], allowed: int, rules: int) -> str:
    counts = [(sum(f.severity is level for f in findings), level.value) for level in Severity]
    found = [f"{count} {word}{'s' if count > 1 else ''}" for count, word in counts if count]
    reason = [f"{allowed} allowed with a reason"] if allowed else []
    return f"{rules} rules: {', '.join([*(found or ['no finding']), *reason])}"


def _object(finding: Finding, root: Path) -> dict[str, object]:
    return {
        "rule": finding.rule,
        "severity": finding.severity.value,
        "address": finding.address,
        "file": relative(finding.file, root) if finding.file else None,
        "line": finding.line if finding.file else None,
        "message": finding.message,
        "remedy": finding.remedy,
        "source": finding.source,
        "allowed": finding.allowed or None,
    }
