"""Each rule, with a definition that breaks it. The sound stack breaks no rule."""

from __future__ import annotations

from pathlib import Path

import pytest

from bonkei.analysis.check import RULES, run
from bonkei.analysis.check.router import Output
from bonkei.blueprint import read
from tests.bonkei.analysis.check.broken.parts import listener_rule
from tests.bonkei.analysis.check.broken.tables import BROKEN_TOO
from tests.bonkei.analysis.check.broken.ways import BROKEN
from tests.bonkei.analysis.check.changes import (
    NOWHERE,
    Change,
    check,
)
from tests.bonkei.analysis.check.stack.whole import sound, state


def test_the_sound_stack_breaks_no_rule() -> None:
    assert check(sound()) == ()


@pytest.mark.parametrize(
    ("rule", "address", "change"),
    [*BROKEN, *BROKEN_TOO],
    ids=[f"{rule}-{index}" for index, (rule, _, _) in enumerate([*BROKEN, *BROKEN_TOO])],
)
def test_a_definition_that_breaks_the_rule_is_found(
    rule: str, address: str, change: Change
) -> None:
    resources = sound()
    change(resources)
    found = check(resources)
    assert (rule, address) in {(finding.rule, finding.address) for finding in found}
    assert all(f.message and f.remedy and f.source.startswith("https://") for f in found)


@pytest.mark.parametrize("grace", [None, 60, 90])
def test_a_router_that_is_killed_before_it_has_flushed_is_found(grace: float | None) -> None:
    found = check(sound(), grace=grace)
    assert [(f.rule, f.address) for f in found] == [
        ("router-flushes-before-it-is-killed", "aws_ecs_task_definition.app")
    ]


@pytest.mark.parametrize(
    ("settings", "found"),
    [
        ({"retry_limit": "100", "preserve_data_ordering": "off"}, []),
        ({"retry_limit": "${TRIES}", "preserve_data_ordering": "false"}, []),
        ({"retry_limit": "no_limits", "preserve_data_ordering": "off"}, ["5 tries"]),
        ({"preserve_data_ordering": "off"}, ["5 tries"]),
        ({"retry_limit": "100"}, ["order of objects"]),
    ],
)
def test_a_router_that_loses_what_fails_is_found(
    settings: dict[str, str], found: list[str]
) -> None:
    """Measured with Fluent Bit 5.0.9 (docs/measurements.md, "Log routers")."""
    outputs = (Output("s3", tuple(settings.items())), Output("null"))
    problems = [f for f in check(sound(), outputs=outputs) if f.rule == "router-keeps-what-fails"]
    assert len(problems) == len(found)
    for problem, words in zip(problems, found, strict=True):
        assert words in problem.message


@pytest.mark.parametrize(
    ("written", "strategy", "found"),
    [
        ("", "CANARY", True),
        ("lifecycle { ignore_changes = [tags] }", "BLUE_GREEN", True),
        ("lifecycle { ignore_changes = [action, tags] }", "CANARY", False),
        ("lifecycle { ignore_changes = all }", "LINEAR", False),
        ("", "ROLLING", False),
    ],
)
def test_weights_that_terraform_would_set_back_are_found(
    tmp_path: Path, written: str, strategy: str, found: bool
) -> None:
    """Where the rule's block is not there, nothing is known, and nothing is said."""
    resources = sound()
    listener_rule("shifted", 10, "*")(resources)
    arn = resources["aws_lb_listener_rule.shifted"]["arn"]
    service = resources["aws_ecs_service.app"]
    (target,) = service["load_balancer"]
    shifts = {"alternate_target_group_arn": "arn:b", "production_listener_rule": arn}
    service["load_balancer"] = [{**target, "advanced_configuration": [shifts]}]
    service["deployment_configuration"] = [{"strategy": strategy}]
    block = f'resource "aws_lb_listener_rule" "shifted" {{\n  {written}\n}}\n'
    (tmp_path / "main.tf").write_text(block, encoding="utf-8")
    for folder, expected in ((tmp_path, found), (NOWHERE, False)):
        rules = {each.rule for each in run(read(state(resources)), folder)}
        assert ("shifted-weights-are-left-alone" in rules) == expected


def test_every_rule_has_a_definition_that_breaks_it() -> None:
    broken = {rule for rule, _, _ in (*BROKEN, *BROKEN_TOO)} | {
        "function-has-its-handler",
        "router-flushes-before-it-is-killed",
        "router-keeps-what-fails",
        "router-may-ship",
        "secret-has-the-key",
        "shifted-weights-are-left-alone",
    }
    assert broken == {rule.id for rule in RULES}


def test_each_rule_has_its_own_name() -> None:
    assert len({rule.id for rule in RULES}) == len(RULES)
