"""Findings as SARIF 2.1.0. Code hosts and editors show them in place.

"Static Analysis Results Interchange Format (SARIF) Version 2.1.0",
https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bonkei import __version__
from bonkei.analysis.check.finding import Finding
from bonkei.analysis.check.report import relative
from bonkei.analysis.check.subject import Rule

_SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)


def render_sarif(findings: Sequence[Finding], rules: Sequence[Rule], root: Path) -> str:
    """One run; paths are relative to `root`, the repository's folder."""
    order = {rule.id: index for index, rule in enumerate(rules)}
    driver = {
        "name": "bonkei",
        "version": __version__,
        "rules": [_rule(rule) for rule in rules],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(finding, order[finding.rule], root) for finding in findings],
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2)


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "shortDescription": {"text": rule.title},
        "helpUri": rule.source,
        "defaultConfiguration": {"level": rule.severity.value},
    }


def _result(finding: Finding, index: int, root: Path) -> dict[str, Any]:
    location: dict[str, Any] = {
        "logicalLocations": [{"fullyQualifiedName": finding.address, "kind": "resource"}]
    }
    if finding.file is not None:
        location["physicalLocation"] = {
            "artifactLocation": {
                "uri": relative(finding.file, root),
                "uriBaseId": "%SRCROOT%",
            },
            "region": {"startLine": finding.line},
        }
    result: dict[str, Any] = {
        "ruleId": finding.rule,
        "ruleIndex": index,
        "level": finding.severity.value,
        "message": {"text": f"{finding.message}. Remedy: {finding.remedy}."},
        "locations": [location],
    }
    if finding.allowed:
        result["suppressions"] = [{"kind": "inSource", "justification": finding.allowed}]
    return result
