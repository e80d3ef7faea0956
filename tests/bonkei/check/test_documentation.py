from __future__ import annotations

from pathlib import Path

from bonkei.check import RULES

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "checks.md").read_text(encoding="utf-8")


def test_every_rule_is_documented_and_no_other() -> None:
    rows = [line.split(" | ") for line in PAGE.splitlines() if line.startswith("| `")]
    documented = [(row[0].strip("| `"), row[1], row[2], row[3]) for row in rows]
    assert documented == [
        (rule.id, rule.severity.value, rule.title, f"[source]({rule.source}) |") for rule in RULES
    ]
