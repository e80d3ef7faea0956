"""Every claim of claims.toml has a test with its name, and every such test has a claim."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from claims import claims

CLAIMS = claims()
FILES = sorted(Path(__file__).parent.glob("test_claims_*.py"))


def proofs(file: Path) -> list[str]:
    """The names of the claims that a file's tests prove."""
    text = file.read_text(encoding="utf-8")
    return [name.replace("_", "-") for name in re.findall(r"^def test_(\w+)\(", text, re.MULTILINE)]


@pytest.mark.parametrize("section", sorted({claim.section for claim in CLAIMS.values()}))
def test_a_section_is_proven_claim_by_claim(section: str) -> None:
    (file,) = [file for file in FILES if file.stem == f"test_claims_{section}"]
    claimed = [claim.name for claim in CLAIMS.values() if claim.section == section]
    assert sorted(proofs(file)) == sorted(claimed)


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.stem))
def test_a_proof_uses_the_claimed_value(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    signatures = re.findall(r"^def test_\w+\((.*?)\) -> None:", text, re.MULTILINE | re.DOTALL)
    assert [found for found in signatures if "expected: " not in found] == []
    assert len(re.findall(r"\bexpected\b", text)) >= 2 * len(signatures)
