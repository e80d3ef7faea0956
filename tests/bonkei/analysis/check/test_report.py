from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from bonkei.analysis.check import RULES, Finding, Severity, exit_code, run, with_levels
from bonkei.analysis.check.ci import render_github, render_junit
from bonkei.analysis.check.report import render_json, render_text
from bonkei.analysis.check.runner import LevelError
from bonkei.analysis.check.sarif import render_sarif
from bonkei.blueprint import read
from tests.bonkei.analysis.check.stack.whole import sound, state


@pytest.fixture
def definitions(tmp_path: Path) -> Path:
    """The file that declares the sound stack's topic and two of its alarms."""
    folder = tmp_path / "infrastructure"
    folder.mkdir()
    (folder / "alarms.tf").write_text(
        """\
resource "aws_cloudwatch_metric_alarm" "cpu" {
  alarm_name = "cpu"
  alarm_actions = []
}

# bonkei:allow alarm-has-actions: a dashboard shows it
resource "aws_cloudwatch_metric_alarm" "memory" {
  alarm_actions = []
}
""",
        encoding="utf-8",
    )
    return folder


@pytest.fixture
def findings(definitions: Path) -> tuple[Finding, ...]:
    resources = sound()
    del resources["aws_vpc_endpoint.exec"]
    for name in ("cpu", "memory"):
        resources[f"aws_cloudwatch_metric_alarm.{name}"]["alarm_actions"] = []
    return run(read(state(resources)), definitions)


def test_findings_have_a_place_and_the_reason_that_allows_them(findings, definitions) -> None:
    exec_, cpu, memory = findings
    assert (exec_.rule, exec_.file) == ("exec-reaches-its-channel", None)
    assert (cpu.file, cpu.line, cpu.allowed) == (definitions / "alarms.tf", 3, "")
    assert (memory.line, memory.allowed) == (8, "a dashboard shows it")
    assert cpu.severity is Severity.ERROR


def test_the_exit_code_counts_findings_that_are_not_allowed(findings) -> None:
    assert exit_code(findings) == 1
    assert exit_code(findings[2:]) == 0
    assert exit_code(()) == 0


def test_a_warning_is_reported_and_fails_nothing(definitions: Path) -> None:
    resources = sound()
    resources["aws_cloudwatch_log_group.app"]["retention_in_days"] = 0
    (found,) = run(read(state(resources)), definitions)
    assert exit_code((found,)) == 0
    assert "warning  aws_cloudwatch_log_group.app" in render_text((found,), RULES, definitions)
    assert render_text((found,), RULES, definitions).endswith("rules: 1 warning")
    assert json.loads(render_json((found,), definitions))[0]["severity"] == "warning"
    sarif = json.loads(render_sarif((found,), RULES, definitions))
    assert sarif["runs"][0]["results"][0]["level"] == "warning"


def test_the_settings_change_a_rules_severity() -> None:
    levels = {"log-group-has-retention-and-key": "error", "image-is-pinned": "off"}
    rules = with_levels(RULES, levels, "bonkei.toml: [check]")
    by_id = {rule.id: rule.severity for rule in rules}
    assert by_id["log-group-has-retention-and-key"] is Severity.ERROR
    assert by_id.keys() == {rule.id for rule in RULES} - {"image-is-pinned"}
    resources = sound()
    resources["aws_cloudwatch_log_group.app"]["retention_in_days"] = 0
    assert exit_code(run(read(state(resources)), Path("/nowhere"), rules=rules)) == 1


def test_an_unknown_rule_is_reported() -> None:
    with pytest.raises(LevelError, match="`image-is-pined` is not a rule") as raised:
        with_levels(RULES, {"image-is-pined": "off"}, "bonkei.toml: [check]")
    assert raised.value.remedy == "write image-is-pinned"


def test_text_names_file_line_remedy_and_source(findings, definitions) -> None:
    text = render_text(findings, RULES, definitions.parent)
    assert "error  infrastructure/alarms.tf:3  alarm-has-actions" in text
    assert "  -> set alarm_actions" in text
    assert "  see https://docs.aws.amazon.com/" in text
    assert "allowed  infrastructure/alarms.tf:8  alarm-has-actions: a dashboard shows it" in text
    assert text.endswith(f"{len(RULES)} rules: 2 errors, 1 allowed with a reason")
    assert render_text((), RULES, definitions) == f"{len(RULES)} rules: no finding"


def test_json_is_a_list_of_findings(findings, definitions) -> None:
    found = json.loads(render_json(findings, definitions.parent))
    assert [item["line"] for item in found] == [None, 3, 8]
    assert found[1] == {
        "rule": "alarm-has-actions",
        "severity": "error",
        "address": "aws_cloudwatch_metric_alarm.cpu",
        "file": "infrastructure/alarms.tf",
        "line": 3,
        "message": "cpu does not notify anyone when it goes into ALARM",
        "remedy": "set alarm_actions",
        "source": found[1]["source"],
        "allowed": None,
    }


def test_sarif_has_the_fields_that_code_hosts_need(findings, definitions) -> None:
    document = json.loads(render_sarif(findings, RULES, definitions.parent))
    assert document["version"] == "2.1.0"
    (sarif_run,) = document["runs"]
    rules = sarif_run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == [rule.id for rule in RULES]
    for result in sarif_run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] in ("error", "warning")
        assert result["message"]["text"]
    physical = sarif_run["results"][1]["locations"][0]["physicalLocation"]
    assert physical == {
        "artifactLocation": {"uri": "infrastructure/alarms.tf", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 3},
    }
    assert sarif_run["results"][2]["suppressions"] == [
        {"kind": "inSource", "justification": "a dashboard shows it"}
    ]
    assert "suppressions" not in sarif_run["results"][1]


def test_githubs_annotations_are_at_their_lines(findings, definitions) -> None:
    exec_, cpu = render_github(findings, definitions.parent).splitlines()  # one is allowed
    assert exec_.startswith("::error title=exec-reaches-its-channel (aws_ecs_service.")
    assert ",file=infrastructure/alarms.tf,line=3::" in cpu
    assert "%0ARemedy: " in cpu


def test_an_annotation_cannot_become_another_command(findings, definitions) -> None:
    hostile = replace(findings[1], message="100%\n::add-mask::x", address="a,file=b::c")
    (line,) = render_github((hostile,), definitions).splitlines()
    assert "title=alarm-has-actions (a%2Cfile=b%3A%3Ac)" in line
    assert "::100%25%0A::add-mask::x%0A" in line


def test_junit_fails_for_errors_alone(findings, definitions) -> None:
    warning = replace(findings[0], severity=Severity.WARNING)
    suite = ET.fromstring(render_junit((warning, *findings[1:]), RULES, definitions))  # noqa: S314
    cases = {each.get("name", ""): each for each in suite}
    assert (suite.get("tests"), suite.get("failures")) == (str(len(cases)), "1")
    assert [name for name, each in cases.items() if each.find("failure") is not None] == [
        f"alarm-has-actions {findings[1].address}"
    ]
    said = [each.findtext("system-out") or "" for each in cases.values()]
    assert [text.split(":")[0] for text in said if text] == ["warning", "allowed"]
    assert cases[f"alarm-has-actions {findings[1].address}"].get("file") == "alarms.tf"
    assert "only-services-reach-database" in cases
