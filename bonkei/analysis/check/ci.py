"""Findings for a CI's own display: GitHub's annotations, and JUnit XML."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree as ET

from bonkei.analysis.check.finding import Finding, Severity
from bonkei.analysis.check.report import relative
from bonkei.analysis.check.subject import Rule

_ESCAPES = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_IN_PROPERTIES = _ESCAPES | str.maketrans({":": "%3A", ",": "%2C"})


def render_github(findings: Sequence[Finding], root: Path) -> str:
    """A line for each finding that is not allowed. `root`: the checkout, to which paths are
    relative. "Workflow commands for GitHub Actions"."""
    return "\n".join(_annotation(each, root) for each in findings if not each.allowed)


def _annotation(finding: Finding, root: Path) -> str:
    properties = {"title": f"{finding.rule} ({finding.address})"}
    if finding.file is not None:
        properties |= {"file": relative(finding.file, root), "line": str(finding.line)}
    said = ",".join(f"{k}={v.translate(_IN_PROPERTIES)}" for k, v in properties.items())
    message = f"{finding.message}\nRemedy: {finding.remedy}\n{finding.source}"
    return f"::{finding.severity.value} {said}::{message.translate(_ESCAPES)}"


def render_junit(findings: Sequence[Finding], rules: Sequence[Rule], root: Path) -> str:
    """A case for each rule that finds nothing, and for each finding. Errors fail; a warning is the
    output of its case, and so is the reason of what is allowed."""
    found = {each.rule for each in findings}
    failed = sum(_fails(each) for each in findings)
    total = len(findings) + sum(rule.id not in found for rule in rules)
    suite = ET.Element(
        "testsuite", name="bonkei check", tests=str(total), failures=str(failed), errors="0"
    )
    for rule in rules:
        if rule.id not in found:
            ET.SubElement(suite, "testcase", classname="bonkei check", name=rule.id)
    for each in findings:
        name = f"{each.rule} {each.address}"
        case = ET.SubElement(suite, "testcase", classname="bonkei check", name=name)
        if each.file is not None:
            case.attrib |= {"file": relative(each.file, root), "line": str(each.line)}
        said = f"{each.message}. Remedy: {each.remedy}. See {each.source}"
        if _fails(each):
            ET.SubElement(case, "failure", message=each.message).text = said
        else:
            allowed = f"allowed: {each.allowed}. " if each.allowed else "warning: "
            ET.SubElement(case, "system-out").text = allowed + said
    return ET.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"


def _fails(finding: Finding) -> bool:
    return finding.severity is Severity.ERROR and not finding.allowed
