"""Both forges ask the same of who reports a fault, in forms that GitHub shows."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from documents import Document

ROOT = Path(__file__).resolve().parents[2]
FORMS = [
    file for file in sorted(ROOT.glob(".github/ISSUE_TEMPLATE/*.yml")) if file.stem != "config"
]


@pytest.mark.parametrize("file", FORMS, ids=lambda file: file.stem)
def test_both_forges_ask_the_same(file: Path) -> None:
    questions = yaml.safe_load(file.read_text())["body"]
    other = Document.read(ROOT / ".gitlab" / "issue_templates" / f"{file.stem}.md")
    assert [each["attributes"]["label"] for each in questions] == [
        words for _, words in other.headings()
    ]
    for each in questions:
        if hint := each["attributes"].get("description"):
            assert f"<!-- {hint} -->" in other.text


@pytest.mark.parametrize("file", FORMS, ids=lambda file: file.stem)
def test_github_takes_the_form(file: Path) -> None:
    """Docs, "Syntax for GitHub's form schema"."""
    form = yaml.safe_load(file.read_text())
    assert set(form) == {"name", "description", "body"}
    ids = [each["id"] for each in form["body"]]
    assert len(ids) == len(set(ids)) > 2
    for each in form["body"]:
        assert each["type"] == "textarea"
        assert set(each) <= {"type", "id", "attributes", "validations"}
        assert set(each["attributes"]) <= {"label", "description", "placeholder", "value", "render"}
        assert set(each.get("validations", {})) <= {"required"}


def test_gitlab_has_no_form_of_its_own() -> None:
    there = {file.stem for file in ROOT.glob(".gitlab/issue_templates/*.md")}
    assert there == {file.stem for file in FORMS}
