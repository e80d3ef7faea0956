"""Faults in a copy of the definitions are found by the finder in docs/checks.md and by no other
rule. Those that the scanners find are in tests/conventions/test_scanners.py, with other mistakes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

import pytest
from evaluations import PRODUCTION, put_applied
from faults import BY_TOOLS, PAGE, Fault, caught_by, faults, seed, with_number

from bonkei.analysis.check import Finding, run
from bonkei.analysis.check.program import read_programs
from bonkei.analysis.check.subject import secret_keys
from bonkei.base.vault import FileVault
from bonkei.blueprint import read
from bonkei.definitions.terraform.errors import TerraformError
from bonkei.definitions.terraform.workspace import Workspace

VARIABLES = "infrastructure/environments/production.tfvars"
FAULTS = faults()
EVALUATED = [fault for fault in FAULTS if fault.caught not in ("validate", "plan", "apply")]
BY_RULES = [fault for fault in FAULTS if fault.caught not in BY_TOOLS]
BATCHES = sorted({fault.batch for fault in EVALUATED})

Check = Callable[[int], tuple[Finding, ...]]
Refusal = Callable[[Sequence[Fault], Callable[[Workspace], object]], str]


def workspace(root: Path, home: Path) -> Workspace:
    return Workspace(root / "infrastructure", home, [root / VARIABLES])


def put_production(home: Path, factory: pytest.TempPathFactory) -> None:
    """Apply production in `home`, without faults: only what they change is left to do."""
    name, definitions, variables = PRODUCTION
    put_applied(home, name, lambda home: Workspace(definitions, home, variables), factory)


@pytest.fixture(scope="module")
def check(tmp_path_factory: pytest.TempPathFactory) -> Check:
    """The findings of `bonkei check` in a copy with one batch of faults, evaluated once for all
    tests.
    """

    @cache
    def found(batch: int) -> tuple[Finding, ...]:
        seeded = [fault for fault in EVALUATED if fault.batch == batch]
        root = seed(seeded, tmp_path_factory.mktemp(f"batch-{batch}"))
        put_production(root / "home", tmp_path_factory)
        terraform = workspace(root, root / "home")
        terraform.apply()
        blueprint = read(terraform.state())
        programs = {
            "backend": root / "program/backend",
            "frontend": root / "program/frontend",
            "log_router": root / "program/fluentbit",
        }
        findings = run(
            blueprint,
            root / "infrastructure",
            read_programs(programs, blueprint),
            secret_keys=secret_keys(blueprint, FileVault(root / "home" / "secrets")),
            base=terraform.directory,
        )
        return tuple(finding for finding in findings if not finding.allowed)

    return found


@pytest.mark.parametrize("fault", BY_RULES, ids=lambda fault: fault.what)
def test_a_fault_is_found_by_its_rule(fault: Fault, check: Check) -> None:
    found = [f for f in check(fault.batch) if f.rule == fault.caught and fault.at in f.address]
    assert found, fault.what


@pytest.mark.parametrize("batch", BATCHES)
def test_faults_without_a_finder_are_found_by_no_rule(batch: int, check: Check) -> None:
    """And every finding belongs to a fault or is its known consequence."""
    seeded = [fault for fault in BY_RULES if fault.batch == batch]
    expected = {rule for fault in seeded for rule in (fault.caught, *fault.also)}
    assert {finding.rule for finding in check(batch)} == expected


@pytest.fixture(scope="module")
def refusal(tmp_path_factory: pytest.TempPathFactory) -> Refusal:
    """Terraform's messages about a copy with faults. All copies have one home. No fault is applied
    there before the last of them.
    """
    home = tmp_path_factory.mktemp("refusals") / "home"
    put_production(home, tmp_path_factory)

    def said(seeded: Sequence[Fault], step: Callable[[Workspace], object]) -> str:
        root = seed(seeded, tmp_path_factory.mktemp("refused"))
        with pytest.raises(TerraformError) as raised:
            step(workspace(root, home))
        return " ".join(str(raised.value).split())

    return said


@pytest.fixture(scope="module")
def refused(refusal: Refusal) -> Sequence[Fault]:
    """The faults that `plan` finds. Terraform does not plan resources that depend on a refused one,
    so it plans again without the faults that are found.
    """
    left, found = caught_by("plan"), list[Fault]()
    while left:
        said = refusal(left, Workspace.plan)
        now = [fault for fault in left if fault.finding in said]
        found += now
        left = [fault for fault in left if now and fault not in now]
    return found


@pytest.mark.parametrize("fault", caught_by("plan"), ids=lambda fault: fault.what)
def test_a_fault_is_refused_by_plan(fault: Fault, refused: Sequence[Fault]) -> None:
    assert fault in refused


@pytest.mark.parametrize(
    ("tool", "step"), [("validate", Workspace.validate), ("apply", Workspace.apply)]
)
def test_a_fault_is_refused_by_terraform(
    tool: str, step: Callable[[Workspace], object], refusal: Refusal
) -> None:
    said = refusal(caught_by(tool), step)
    assert [fault.what for fault in caught_by(tool) if fault.finding not in said] == []


def test_what_nothing_finds_has_a_reason() -> None:
    assert [f.what for f in FAULTS if (f.caught == "nothing") != bool(f.why)] == []


def test_the_page_counts_the_faults() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert with_number(page) == page, "write it anew: python tests/support/faults.py"
