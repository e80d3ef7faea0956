"""A plan from a build's log: what real Terraform has printed (`plan.txt`), and what it could."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from bonkei.services.console.values import LONGEST_STATE
from bonkei.services.console.views.plan import Plan, plan_json, read_plan

LOG = Path(__file__).with_name("plan.txt").read_text(encoding="utf-8")


def plan_of(log: str) -> Plan:
    found = read_plan(log)
    assert found is not None
    return found


def test_the_most_dangerous_changes_come_first() -> None:
    found = plan_of(LOG)
    assert [(each.verb, each.address) for each in found.changes] == [
        ("destroy", "terraform_data.went"),
        ("replace", "terraform_data.rep"),
        ("update", "terraform_data.keep"),
        ("create", 'terraform_data.n["two <script>"]'),
    ]
    assert dict(found.counts) == {"add": 2, "change": 1, "destroy": 2}
    assert found.is_whole


def test_a_change_says_why() -> None:
    assert plan_of(LOG).changes[0].note == (
        "because terraform_data.gone was moved to terraform_data.went, which is not in"
        " configuration; moved from terraform_data.gone"
    )


def test_lines_have_their_kind_and_no_colour_codes() -> None:
    change = plan_of(LOG).changes[2]
    assert [line.kind for line in change.lines] == ["change", "", "change", "change", ""]
    assert change.lines[2].text == '      ~ input  = "old" -> "new"'


def test_outputs_are_shown_and_a_sensitive_one_stays_hidden() -> None:
    assert [(line.kind, line.text) for line in plan_of(LOG).outputs] == [
        ("change", '  ~ o = "old" -> "new"'),
        ("add", "  + s = (sensitive value)"),
    ]


def test_a_value_that_looks_like_a_plan_is_a_value() -> None:
    """`rep` has a text with a heading and a last line of its own."""
    found = plan_of(LOG)
    assert "fake" not in str([each.address for each in found.changes])
    assert any("fake" in line.text for line in found.changes[1].lines)


def test_a_change_that_is_not_understood_makes_the_plan_not_whole() -> None:
    assert not plan_of(LOG.replace("will be \x1b[1m\x1b[31mdestroyed", "vanishes")).is_whole


def test_the_last_plan_of_a_log_counts() -> None:
    found = plan_of(LOG + LOG.replace("terraform_data.went", "terraform_data.later"))
    assert found.changes[0].address == "terraform_data.later"


def test_no_changes_are_a_plan_without_any() -> None:
    found = plan_of("No changes. Your infrastructure matches the configuration.\n")
    assert (found.changes, found.is_whole) == ((), True)


def test_a_plan_may_have_outputs_only() -> None:
    found = plan_of(
        'Changes to Outputs:\n  + o = "x"\n\nYou can apply this plan to save these new output'
        " values to the Terraform\nstate, without changing any real infrastructure.\n"
    )
    assert ([line.text for line in found.outputs], found.is_whole) == (['  + o = "x"'], True)


def test_a_plan_that_failed_says_so() -> None:
    found = plan_of(
        "Terraform planned the following actions, but then encountered a problem:\n\n"
        '  # a.b will be created\n  + resource "a" "b" {\n    }\n\n'
        "Plan: 1 to add, 0 to change, 0 to destroy.\n╷\n│ Error: x\n"
    )
    assert (found.failed, found.is_whole) == (True, True)


@pytest.mark.parametrize(
    ("heading", "verb"),
    [
        ("must be replaced", "replace"),
        ("is tainted, so must be replaced", "replace"),
        ("will be replaced, as requested", "replace"),
        ("will be replaced due to changes in replace_triggered_by", "replace"),
        ("will be read during apply", "read"),
        ("will be imported", "import"),
        ("will no longer be managed by Terraform, but will not be destroyed", "forget"),
        ("will be destroyed (deposed object 0123abcd)", "destroy"),
        ("has moved to a.c", "move"),
    ],
)
def test_each_heading_of_terraform_is_known(heading: str, verb: str) -> None:
    found = plan_of(f"Terraform will perform the following actions:\n\n  # a.b {heading}\n    }}\n")
    assert [(each.address, each.verb) for each in found.changes] == [("a.b", verb)]


@pytest.mark.parametrize("log", ["", "Terraform", "  # a.b will be created\n", "\x00\x1b[31m"])
def test_without_a_plan_there_is_none(log: str) -> None:
    assert read_plan(log) is None


def test_a_huge_plan_is_cut_and_says_so() -> None:
    one = '  # a.b["{}"] will be created\n  + resource "a" "b" {{\n      + x = "' + "y" * 900
    body = "\n\n".join(one.format(i) + '"\n    }' for i in range(1_000))
    log = f"Terraform will perform the following actions:\n\n{body}\n\nPlan: 1000 to add, 0 to"
    found = plan_of(log + " change, 0 to destroy.\n")
    shown = plan_json(found)
    assert found.is_whole
    assert isinstance(shown, dict)
    assert shown["more"] is True
    assert len(json.dumps(shown, ensure_ascii=False).encode()) < LONGEST_STATE


def test_a_huge_plan_in_japanese_fits_too() -> None:
    block = '\n  - resource "a" "b" {\n      - x = "' + "本" * 900 + '"\n    }'
    body = "\n\n".join(f'  # a.b["{i}"] will be destroyed{block}' for i in range(5_000))
    log = f"Terraform will perform the following actions:\n\n{body}\n\nPlan: 0 to add, 0 to"
    found = plan_of(log + " change, 5000 to destroy.\n")
    assert found.is_whole
    assert len(json.dumps(plan_json(found), ensure_ascii=False).encode()) < LONGEST_STATE


def test_a_value_cannot_turn_its_line_around() -> None:
    """ "Trojan Source" (CVE-2021-42574): what is approved is what is seen."""
    found = plan_of(
        "Terraform will perform the following actions:\n\n"
        '  # a.b["\u202eyortsed"] will be destroyed\n  - resource "a" "b" {\n'
        '      - x = "a\u2066\x1b[8mhidden"\n    }\n\n'
        "Plan: 0 to add, 0 to change, 1 to destroy.\n"
    )
    (change,) = found.changes
    assert change.address == 'a.b["\\u202eyortsed"]'
    assert "a\\u2066hidden" in change.lines[1].text, "colours go, the rest is visible"
    assert "\u202e" not in found.raw


def test_a_log_made_to_be_slow_is_not() -> None:
    began = time.monotonic()
    read_plan("Changes to Outputs:\n" * 100_000)
    read_plan("Terraform will perform the following actions:\n" + "  # a will be " * 100_000)
    assert time.monotonic() - began < 60
