from __future__ import annotations

import re
from pathlib import Path

import pytest

from bonkei.analysis.check import RULES, Severity

PAGE = (Path(__file__).resolve().parents[4] / "docs" / "checks.md").read_text(encoding="utf-8")
SECTIONS = {Severity.ERROR: "Errors", Severity.WARNING: "Warnings"}


@pytest.mark.parametrize("severity", SECTIONS)
def test_every_rule_is_documented_and_no_other(severity: Severity) -> None:
    section = PAGE.partition(f"\n## {SECTIONS[severity]}\n")[2].partition("\n## ")[0]
    documented = re.findall(r"^- \[`(.+?)`\]\((.+?)\): (.+)$", section, re.MULTILINE)
    assert documented == [
        (rule.id, rule.source, rule.title) for rule in RULES if rule.severity is severity
    ]
    assert documented
