"""Each exception from a scanner's rule has its reason, beside the code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def sources() -> list[Path]:
    patterns = ("infrastructure/**/*.tf", "environment/*.yaml", "program/*/Dockerfile")
    return [path for pattern in patterns for path in ROOT.glob(pattern)]


def test_each_exception_names_one_check_and_its_reason() -> None:
    exceptions, wanting = 0, []
    for path in sources():
        lines = path.read_text().splitlines()
        for number, line in enumerate(lines):
            if not re.search(r"(trivy|tfsec):ignore|checkov:skip|\{ id: CKV", line):
                continue
            exceptions += 1
            above = number
            while lines[above].startswith("#trivy:ignore"):
                above -= 1
            reasoned = (
                # Trivy takes no reason, so the reason is on the line above.
                (
                    re.fullmatch(r"#trivy:ignore:AWS-\d{4}", line)
                    and re.match("# .{20}", lines[above])
                )
                or re.fullmatch(r"\s*# ?checkov:skip=CKV2?_[A-Z]+_\d+:.{15,}", line)
                or re.fullmatch(r'\s*- \{ id: CKV2?_AWS_\d+, comment: ".{15,}" \}', line)
            )
            if not reasoned:
                wanting.append(f"{path.relative_to(ROOT)}:{number + 1}: {line.strip()}")
    assert wanting == []
    assert exceptions > 20


@pytest.mark.parametrize("name", [".trivyignore*", "trivy.y*ml", ".checkov.y*ml", ".hadolint.y*ml"])
def test_each_exception_is_beside_its_code(name: str) -> None:
    places = (ROOT, *(ROOT / part for part in ("infrastructure", "environment", "program")))
    assert [found for place in places for found in place.glob(name)] == []
