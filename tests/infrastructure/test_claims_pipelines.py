"""The claims of claims.toml about the pipelines. Each test has its claim's name."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from buildspecs import Outcome, option, read
from evaluations import ROOT, Evaluation
from stack import Stack
from stages import Stages

GIVEN = {
    "ServiceName": "statuspage",
    "EnvironmentIdentifier": "production",
    "TerraformSha256": "0" * 64,
    "TrivySha256": "0" * 64,
}
CODECOMMIT = Stack(GIVEN | {"CodeCommitRepositoryName": "statuspage"})
CONNECTION = Stack(
    GIVEN
    | {
        "ConnectionArn": "arn:aws:codeconnections:ap-northeast-1:123456789012:connection/0f2a",
        "ConnectionRepositoryId": "example/statuspage",
    }
)
RECORDED = ROOT / "tests" / "program" / "functions" / "alarm" / "events"
READING = re.compile(r"^[\w-]+:(Get|List|Describe|BatchGet|Filter)")


def projects() -> dict[str, dict[str, Any]]:
    """The builds of the Terraform pipeline, by logical id."""
    return CODECOMMIT.of_type("AWS::CodeBuild::Project")


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Outcome]:
    """One run of each build of the Terraform pipeline with its project's variables, by project."""
    stages = Stages(tmp_path_factory.mktemp("runs"))
    found = {}
    for name, project in projects().items():
        given = {v["Name"]: v["Value"] for v in project["Environment"]["EnvironmentVariables"]}
        tools = {
            "TRIVY_SHA256": stages.trivy_digest,
            "TERRAFORM_SHA256": stages.terraform_digest,
        }
        variables = {**stages.variables(), **given, **tools}
        found[name] = stages.machine.run(read(Path(project["Source"]["BuildSpec"]).stem), variables)
        assert found[name].failed == "", found[name].output
    return found


def test_a_stack_makes_the_terraform_pipeline(expected: list[str]) -> None:
    assert len(CODECOMMIT.of_type("AWS::CodePipeline::Pipeline")) == 1
    assert CODECOMMIT.broken_rules() == CONNECTION.broken_rules() == []
    assert Stack(GIVEN).broken_rules()
    required = {name for name, found in CODECOMMIT.declared.items() if "Default" not in found}
    assert sorted(required - {"TerraformSha256", "TrivySha256"}) == expected


def test_terraform_pipeline_name(production: Evaluation, expected: str) -> None:
    assert _pipeline(CODECOMMIT)["Name"] == expected
    assert _told(production)
    for pattern in _told(production).values():
        assert expected in pattern["detail"]["pipeline"]


def test_program_pipeline_name(production: Evaluation, expected: str) -> None:
    releasing = [
        pipeline.name
        for pipeline in production.blueprint.pipelines
        if "Deploy" in [stage.name for stage in pipeline.stages]
    ]
    assert releasing == [expected]
    assert _told(production)
    for pattern in _told(production).values():
        assert expected in pattern["detail"]["pipeline"]


def test_tfvars_location(expected: str) -> None:
    assert CODECOMMIT.outputs["TfvarsLocation"] == expected


def test_tfvars_come_from_the_bucket(expected: list[str], runs: Mapping[str, Outcome]) -> None:
    fetching = []
    for project, run in runs.items():
        for words in run.called("aws", "s3api", "get-object"):
            place = f"s3://{option(words, '--bucket')}/{option(words, '--key')}"
            assert place == CODECOMMIT.outputs["TfvarsLocation"]
            fetching.append(projects()[project]["Name"].rpartition("-")[2])
    assert sorted(fetching) == expected
    (fetched,) = runs["PlanProject"].called("aws", "s3api", "get-object")
    (plan,) = runs["PlanProject"].called("terraform", "plan")
    assert option(plan, "-var-file") == fetched[-1]


def test_tfvars_are_not_in_the_repository(expected: str) -> None:
    assert expected in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()


def test_a_person_releases_a_change(production: Evaluation, expected: int) -> None:
    sources = [_actions(stack)[0]["Configuration"] for stack in (CODECOMMIT, CONNECTION)]
    sources += [
        dict(action.configuration)
        for pipeline in production.blueprint.pipelines
        for action in pipeline.stages[0].actions
    ]
    switches = [found.get("PollForSourceChanges", found.get("DetectChanges")) for found in sources]
    assert len(switches) == 4
    assert len([switch for switch in switches if switch != "false"]) == expected
    rules = CODECOMMIT.of_type("AWS::Events::Rule")
    assert [name for name, rule in rules.items() if "EventPattern" in rule] == []


def test_terraform_stages(expected: list[str]) -> None:
    assert [stage["Name"] for stage in _pipeline(CODECOMMIT)["Stages"]] == expected


def test_source_comes_from_codecommit(expected: str) -> None:
    assert _actions(CODECOMMIT)[0]["ActionTypeId"]["Provider"] == expected


def test_weaknesses_end_the_run(expected: list[str], runs: Mapping[str, Outcome]) -> None:
    assert _action("tfsec")["Configuration"]["ProjectName"] == projects()["ScanProject"]["Name"]
    scans = runs["ScanProject"].called("trivy")
    assert scans
    for words in scans:
        assert words[1] == "config"
        assert option(words, "--exit-code") == "1"
        assert sorted(option(words, "--severity").split(",")) == expected


def test_plan_is_made_by_terraform(expected: str, runs: Mapping[str, Outcome]) -> None:
    (plan,) = runs["PlanProject"].called("terraform", "plan")
    assert option(plan, "-out") == expected
    assert _action("Plan")["OutputArtifacts"] == [{"Name": "Plan"}]


def test_a_person_approves_the_plan(expected: str) -> None:
    kind = _action("Approve")["ActionTypeId"]
    assert "#{plan.SUMMARY}" in _action("Approve")["Configuration"]["CustomData"]
    assert (kind["Category"], kind["Provider"]) == ("Approval", expected)


def test_slack_hears_that_a_plan_waits(production: Evaluation, expected: str) -> None:
    """A rule sends the recorded event of an approval to the topic."""
    waits = json.loads((RECORDED / "approval_started.json").read_text(encoding="utf-8"))
    told = _told(production)
    pipeline = waits["detail"]["pipeline"].replace("status-prod", "statuspage-production")
    waits["detail"]["pipeline"] = pipeline
    (rule,) = [name for name, pattern in told.items() if matches(pattern, waits)]
    assert rule == expected
    (found,) = [r for r in production.blueprint.event_rules if r.name == rule]
    assert any(":sns:" in target for target in found.targets)


def _told(production: Evaluation) -> dict[str, Any]:
    """The patterns of the events that are told, by their rules' names."""
    return {
        rule.name: json.loads(rule.pattern)
        for rule in production.blueprint.event_rules
        if rule.pattern
    }


def matches(pattern: Any, event: Any) -> bool:
    """EventBridge's matching, for patterns that list values."""
    if isinstance(pattern, list):
        return event in pattern
    return all(key in event and matches(value, event[key]) for key, value in pattern.items())


def test_apply_makes_what_was_approved(expected: str, runs: Mapping[str, Outcome]) -> None:
    (apply,) = runs["ApplyProject"].called("terraform", "apply")
    handed_on = runs["ApplyProject"].variables["CODEBUILD_SRC_DIR_Plan"]
    assert apply[-1] == expected.replace("${CODEBUILD_SRC_DIR_Plan}", handed_on)
    assert "-auto-approve" not in apply
    assert not runs["ApplyProject"].called("terraform", "plan")
    assert {"Name": "Plan"} in _action("Apply")["InputArtifacts"]


def test_people_have_no_strong_rights(production: Evaluation, expected: list[str]) -> None:
    (operator,) = [r for r in production.blueprint.roles if r.name.endswith("-operator")]
    actions = {action for statement in operator.statements for action in statement.actions}
    for role in ("OperatorRole", "ApproverRole"):
        actions |= set(_allowed(CODECOMMIT, role))
    assert sorted(action for action in actions if not READING.match(action)) == expected


def test_builds_have_the_strong_rights(expected: list[str]) -> None:
    roles = CODECOMMIT.of_type("AWS::IAM::Role")
    strong = [
        role["RoleName"].rpartition("-")[2]
        for name, role in roles.items()
        if {"iam:CreateRole", "rds:*", "ecs:*"} & set(_allowed(CODECOMMIT, name))
    ]
    assert strong == expected
    assert projects()["ApplyProject"]["ServiceRole"] == roles["ApplyRole"]["RoleName"]


@pytest.mark.parametrize("project", ["PlanProject", "ApplyProject"])
def test_the_backend_comes_with_the_stack(
    expected: list[str], project: str, runs: Mapping[str, Outcome]
) -> None:
    (init,) = runs[project].called("terraform", "init")
    settings = dict(
        word.removeprefix("-backend-config=").split("=", 1)
        for word in init
        if word.startswith("-backend-config=")
    )
    table, bucket = expected
    assert settings["bucket"] in [b["BucketName"] for b in CODECOMMIT.of_type(bucket).values()]
    assert settings["dynamodb_table"] in [
        found["TableName"] for found in CODECOMMIT.of_type(table).values()
    ]
    assert settings["use_lockfile"] == "true"


def test_a_backend_without_the_pipeline(terraform_backend: Evaluation, expected: list[str]) -> None:
    kinds = {found["type"] for found in terraform_backend.resources()}
    assert set(expected) <= kinds
    (table,) = terraform_backend.values("aws_dynamodb_table")
    assert table["hash_key"] == "LockID"
    assert (
        f"bucket={terraform_backend.outputs['bucket_name']}"
        in (terraform_backend.outputs["init_command"])
    )


def test_builds_build_and_scan(production: Evaluation, expected: str, tmp_path: Path) -> None:
    (project,) = [p for p in production.blueprint.build_projects if p.name.endswith("-build")]
    stages = Stages(tmp_path)
    run = stages.machine.run(read(Path(project.buildspec).stem), stages.variables())
    order = [["docker", "build"], [expected, "image"], ["docker", "push"]]
    assert [words[:2] for words in run.calls if words[:2] in order] == order


def _pipeline(stack: Stack) -> dict[str, Any]:
    (found,) = stack.of_type("AWS::CodePipeline::Pipeline").values()
    return found


def _actions(stack: Stack) -> list[dict[str, Any]]:
    return [action for stage in _pipeline(stack)["Stages"] for action in stage["Actions"]]


def _action(stage: str) -> dict[str, Any]:
    (found,) = [action for action in _actions(CODECOMMIT) if action["Name"] == stage]
    return found


def _allowed(stack: Stack, role: str) -> list[str]:
    """Every action that a role's own and attached policies allow."""
    name = stack.of_type("AWS::IAM::Role")[role]["RoleName"]
    documents = [
        policy["PolicyDocument"]
        for policy in stack.of_type("AWS::IAM::Role")[role].get("Policies", ())
    ]
    documents += [
        policy["PolicyDocument"]
        for policy in stack.of_type("AWS::IAM::ManagedPolicy").values()
        if name in policy.get("Roles", ())
    ]
    actions: list[str] = []
    for document in documents:
        for statement in document["Statement"]:
            if statement["Effect"] == "Allow":
                found = statement["Action"]
                actions += found if isinstance(found, list) else [found]
    return actions
