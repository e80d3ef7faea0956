"""The real definitions: no environment breaks a rule, and the diagrams in docs/ are current."""

from __future__ import annotations

from pathlib import Path

import pytest
from evaluations import Evaluation

from bonkei.analysis.check import exit_code, run
from bonkei.analysis.check.program import read_programs
from bonkei.analysis.diagram import Diagram, draw, render_mermaid, render_svg, update_page

ROOT = Path(__file__).resolve().parents[2]
DEFINITIONS = ROOT / "infrastructure"
PROGRAMS = {
    "backend": ROOT / "program/backend",
    "frontend": ROOT / "program/frontend",
    "log_router": ROOT / "program/fluentbit",
}
PICTURES = ROOT / "docs" / "diagrams"
ENVIRONMENTS = ["development", "production", "example", "internal"]
REMEDY = "draw it anew: make diagrams"


@pytest.fixture
def environment(request: pytest.FixtureRequest) -> Evaluation:
    evaluation = request.getfixturevalue(request.param)
    assert isinstance(evaluation, Evaluation)
    return evaluation


@pytest.fixture
def diagrams(production: Evaluation) -> tuple[Diagram, ...]:
    return draw(production.blueprint, [ROOT / "environment" / "terraform_pipeline.yaml"])


@pytest.mark.parametrize("environment", ENVIRONMENTS, indirect=True)
def test_no_rule_is_broken(environment: Evaluation) -> None:
    programs = read_programs(PROGRAMS, environment.blueprint)
    findings = run(environment.blueprint, DEFINITIONS, programs)
    assert [f"{f.file}:{f.line} {f.rule} {f.message}" for f in findings if not f.allowed] == []
    assert exit_code(findings) == 0


@pytest.mark.parametrize("environment", ENVIRONMENTS, indirect=True)
def test_every_resource_type_is_judged(environment: Evaluation) -> None:
    parts = environment.blueprint.not_simulated
    unknown = [part.kind for part in parts if part.category == "unknown"]
    assert unknown == []


def test_the_diagrams_show_these_definitions(diagrams: tuple[Diagram, ...]) -> None:
    drawn = {f"{d.name}.svg": render_svg(d) for d in diagrams}
    drawn |= {f"{d.name}.mmd": render_mermaid(d) for d in diagrams}
    kept = {path.name: path.read_text(encoding="utf-8") for path in PICTURES.iterdir()}
    outdated = sorted(name for name in drawn | kept if drawn.get(name) != kept.get(name))
    assert outdated == [], REMEDY


@pytest.mark.parametrize("name", ["architecture.md", "architecture.ja.md"])
def test_the_pages_show_every_current_diagram(name: str, diagrams: tuple[Diagram, ...]) -> None:
    page = ROOT / "docs" / name
    text = page.read_text(encoding="utf-8")
    assert update_page(page, text, diagrams, PICTURES) == text, REMEDY
    assert [d.name for d in diagrams if f"diagrams/{d.name}.svg" not in text] == []
