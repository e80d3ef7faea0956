from __future__ import annotations

from pathlib import Path

import pytest

from bonkei.analysis.diagram import Diagram, draw
from bonkei.analysis.diagram.cloudformation import TemplateError, read_template
from bonkei.analysis.diagram.names import common_prefix, duration, words
from bonkei.blueprint import Blueprint


def find(blueprint: Blueprint, name: str) -> Diagram:
    return next(d for d in draw(blueprint) if d.name == name)


def ways(diagram: Diagram) -> set[tuple[str, str, str]]:
    titles = {node.id: node.title for node in diagram.nodes}
    return {(titles[a.source], titles[a.target], a.label) for a in diagram.arrows}


def test_the_system_shows_the_way_of_a_request(blueprint: Blueprint) -> None:
    found = ways(find(blueprint, "system"))
    assert {
        ("Viewers", "CloudFront", "HTTPS"),
        ("CloudFront", "AWS WAF", "HTTP"),
        ("AWS WAF", "Load balancer", ""),
        ("Load balancer", "app", "else"),
        ("app", "worker", "worker:9000"),
        ("app", "db", "TCP 5432"),
        ("app", "Interface endpoints", ""),
        ("NAT gateway", "Internet", ""),
    } <= found


def test_subnets_are_named_by_their_purpose(blueprint: Blueprint) -> None:
    groups = {g.title: (g.kind, g.note) for g in find(blueprint, "system").groups}
    assert groups["app subnets"] == ("isolated", "no way out")
    assert groups["ingress subnets"] == ("public", "public")
    assert groups["VPC"][0] == "network"


def test_logging_shows_the_router_and_the_destinations(blueprint: Blueprint) -> None:
    found = ways(find(blueprint, "logging"))
    assert ("app", "router", "FireLens") in found
    assert ("router", "/app", "") in found
    assert ("/app", "Metric filters", "") in found
    assert ("VPC flow logs", "/aws/lambda/notify", "") in found
    assert ("Lambda function", "/aws/lambda/notify", "") in found


def test_monitoring_shows_the_recipients(blueprint: Blueprint) -> None:
    diagram = find(blueprint, "monitoring")
    found = ways(diagram)
    assert ("alarms", "notify", "") in found
    assert ("notify", "Slack", "") in found
    assert ("alarms", "email", "") in found
    lines = {line for node in diagram.nodes for line in node.lines}
    assert "cpu > 80 for 1 min" in lines
    assert "memory < 200 MiB for 1 min" in lines


def test_a_pipelines_second_row_runs_backwards(blueprint: Blueprint) -> None:
    diagram = find(blueprint, "release-pipeline")
    place = {node.title: (node.column, node.row) for node in diagram.nodes}
    assert place["Source one"] == (0, 0)
    assert place["Test one"] == (2, 0)
    assert place["Ask one"] == (2, 2)
    assert place["Verify one"] == (0, 2)
    assert {g.title for g in diagram.groups} == {
        "Source",
        "Build",
        "Test",
        "Ask",
        "Deploy",
        "Verify",
    }


def test_actions_of_one_run_order_are_side_by_side(blueprint: Blueprint) -> None:
    found = ways(find(blueprint, "release-pipeline"))
    assert ("Source one", "Source two", "") not in found
    assert {("Source one", "Build two", ""), ("Source two", "Build one", "")} <= found


def test_an_empty_blueprint_has_no_diagrams() -> None:
    assert draw(Blueprint()) == ()


TEMPLATE = """\
Resources:
  Scan:
    Type: AWS::CodeBuild::Project
    Properties: { Source: { BuildSpec: builds/scan.yaml } }
  Pipeline:
    Type: AWS::CodePipeline::Pipeline
    Properties:
      Name: !Sub "${Service}-pipeline"
      ExecutionMode: QUEUED
      Stages:
        - Name: Source
          Actions:
            - !If
              - UsesOne
              - { Name: Source, ActionTypeId: { Category: Source, Provider: CodeCommit } }
              - Name: Source
                ActionTypeId: { Category: Source, Provider: CodeStarSourceConnection }
        - Name: Scan
          BeforeEntry: { Conditions: [{ Rules: [{ Name: HasChanges }] }] }
          Actions:
            - Name: Scan
              ActionTypeId: { Category: Test, Provider: CodeBuild }
              Configuration:
                ProjectName: !Ref Scan
                Nothing: !If [A, !Ref AWS::NoValue, !GetAtt B.Arn]
"""


def test_a_templates_pipeline_is_drawn(tmp_path: Path) -> None:
    file = tmp_path / "release_pipeline.yaml"
    file.write_text(TEMPLATE, encoding="utf-8")
    (diagram,) = draw(Blueprint(), [file])
    assert (diagram.name, diagram.title) == ("release-pipeline", "Release pipeline")
    source, scan = diagram.nodes
    assert source.lines == ("CodeCommit or CodeConnections",)
    assert scan.lines == ("CodeBuild", "scan.yaml")
    assert diagram.groups[1].note == "if has changes"
    assert "Executions are queued" in diagram.description


def test_references_are_shown_by_name(tmp_path: Path) -> None:
    file = tmp_path / "t.yaml"
    file.write_text(TEMPLATE, encoding="utf-8")
    (pipeline,) = read_template(file).pipelines
    assert pipeline.name == "{Service}-pipeline"
    assert pipeline.stages[1].actions[0].setting("Nothing") == "B"


@pytest.mark.parametrize("text", ["a: [", "- 1", "Resources: 5", "Resources: {A: {Type: 1}}"])
def test_a_file_without_a_pipeline_is_skipped_or_reported(tmp_path: Path, text: str) -> None:
    file = tmp_path / "t.yaml"
    file.write_text(text, encoding="utf-8")
    if text == "a: [":
        with pytest.raises(TemplateError, match=r"t\.yaml"):
            read_template(file)
    else:
        assert read_template(file).pipelines == ()


@pytest.mark.parametrize(
    ("names", "prefix"),
    [
        (["shop-dev-web", "shop-dev-api"], "shop-dev-"),
        (["shop-dev", "shop-dev-api"], "shop-"),
        (["web", "api"], ""),
        (["web"], ""),
        (["a-b", "a-b"], "a-"),
        ([], ""),
        (["/ecs/a/x", "/ecs/a/y"], ""),
    ],
)
def test_common_parts_of_names(names, prefix) -> None:
    found = common_prefix(names)
    assert all(name.removeprefix(found) for name in names)
    if prefix or not names:
        assert found == prefix


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(60, "1 min"), (90, "90 s"), (300, "5 min"), (3600, "1 h"), (86400, "1 d")],
)
def test_durations(seconds, text) -> None:
    assert duration(seconds) == text


def test_words_of_names() -> None:
    assert words("PlanHasChanges") == ["plan", "has", "changes"]
    assert words("terraform_pipeline") == ["terraform", "pipeline"]
    assert words("ECSDeploy-2") == ["ecs", "deploy", "2"]
