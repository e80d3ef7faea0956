"""AWS CodePipeline: pipelines.

Source: "CodePipeline pipeline structure reference",
https://docs.aws.amazon.com/codepipeline/latest/userguide/reference-pipeline-structure.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bonkei.definitions.cloudformation.resources.kind import (
    Kind,
    Made,
    Request,
    Values,
    block,
    blocks,
    optional,
    plain,
    values,
)


def _pipeline(request: Request) -> Made:
    given = request.properties
    name = request.name("Name", 100)
    arn = request.place.arn("codepipeline", name)
    stores = [(each["ArtifactStore"], each["Region"]) for each in given.get("ArtifactStores", ())]
    if "ArtifactStore" in given:
        stores.append((given["ArtifactStore"], None))
    state = {
        "id": name,
        "name": name,
        "arn": arn,
        **plain(given, "RoleArn PipelineType ExecutionMode"),
        "artifact_store": [_store(store, region) for store, region in stores],
        "stage": [_stage(each) for each in given["Stages"]],
        "variable": blocks(
            given.get("Variables", ()), "Name Description", default_value="DefaultValue"
        ),
        "trigger": [_trigger(each) for each in given.get("Triggers", ())],
        "tags": request.all_tags(),
    }
    return Made(name, {"Version": "1", "Arn": arn}, (("aws_codepipeline", state),))


def _store(given: Values, region: str | None) -> Values:
    return values(
        **plain(given, "Location Type"),
        region=region,
        encryption_key=block(given.get("EncryptionKey"), "Id Type"),
    )


def _stage(given: Values) -> Values:
    return values(
        name=given["Name"],
        action=[_action(each) for each in given["Actions"]],
        before_entry=optional(given.get("BeforeEntry"), _conditions),
        on_success=optional(given.get("OnSuccess"), _conditions),
        on_failure=optional(given.get("OnFailure"), _failure),
    )


def _failure(given: Values) -> Values:
    return values(
        **plain(given, "Result"),
        **_conditions(given),
        retry_configuration=block(given.get("RetryConfiguration"), "RetryMode"),
    )


def _conditions(given: Values) -> Values:
    return {
        "condition": [
            {**plain(each, "Result"), "rule": [_rule(rule) for rule in each.get("Rules", ())]}
            for each in given.get("Conditions", ())
        ]
    }


def _rule(given: Values) -> Values:
    return {
        **plain(given, "Name Commands Region RoleArn"),
        "rule_type_id": [_type(given["RuleTypeId"])],
        "configuration": _configuration(given),
        "input_artifacts": _names(given, "InputArtifacts"),
    }


def _type(given: Values) -> Values:
    return plain(given, "Category Owner Provider Version")


def _action(given: Values) -> Values:
    computed = [each for each in given.get("OutputArtifacts", ()) if "Files" in each]
    return {
        **_type(given["ActionTypeId"]),
        **plain(
            given,
            "Name RunOrder RoleArn Region Namespace TimeoutInMinutes Commands OutputVariables",
        ),
        "configuration": _configuration(given),
        "input_artifacts": _names(given, "InputArtifacts"),
        "output_artifacts": _names(given, "OutputArtifacts"),
        "output_artifacts_for_compute_action": blocks(computed, "Name Files"),
        # Terraform has no such block yet.
        **(
            {"environment_variable": blocks(given["EnvironmentVariables"], "Name Value Type")}
            if given.get("EnvironmentVariables")
            else {}
        ),
    }


def _configuration(given: Values) -> dict[str, str]:
    """A map of texts."""
    return {name: _text(value) for name, value in given.get("Configuration", {}).items()}


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _names(given: Values, prop: str) -> list[str]:
    return [each["Name"] for each in given.get(prop, ())]


def _trigger(given: Values) -> Values:
    git = given.get("GitConfiguration", {})
    configuration = {
        **plain(git, "SourceActionName"),
        "push": [_event(each) for each in git.get("Push", ())],
        "pull_request": [_event(each) for each in git.get("PullRequest", ())],
    }
    return {"provider_type": given["ProviderType"], "git_configuration": [configuration]}


def _event(given: Values) -> Values:
    """What a push or a pull request must have."""
    return values(
        **plain(given, "Events"),
        branches=block(given.get("Branches"), "Includes Excludes"),
        file_paths=block(given.get("FilePaths"), "Includes Excludes"),
        tags=block(given.get("Tags"), "Includes Excludes"),
    )


KINDS: Mapping[str, Kind] = {
    "AWS::CodePipeline::Pipeline": Kind(
        _pipeline,
        named_by="Name",
        unserved={
            "DisableInboundStageTransitions": "no transition is disabled",
            "Stages.Blockers": "no stage is blocked by a schedule",
            "RestartExecutionOnUpdate": "an update starts no run",
        },
    ),
}
