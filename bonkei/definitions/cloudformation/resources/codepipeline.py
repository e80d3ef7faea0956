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
    blocks,
    values,
)


def _pipeline(request: Request) -> Made:
    given = request.properties
    name = request.name("Name", 100)
    arn = request.place.arn("codepipeline", name)
    stores = [(each["ArtifactStore"], each["Region"]) for each in given.get("ArtifactStores", ())]
    if "ArtifactStore" in given:
        stores.append((given["ArtifactStore"], None))
    state = values(
        id=name,
        name=name,
        arn=arn,
        role_arn=given["RoleArn"],
        pipeline_type=given.get("PipelineType", "V1"),
        execution_mode=given.get("ExecutionMode", "SUPERSEDED"),
        artifact_store=[_store(store, region) for store, region in stores],
        stage=[_stage(each) for each in given["Stages"]],
        variable=[
            values(
                name=each["Name"],
                default_value=each.get("DefaultValue"),
                description=each.get("Description"),
            )
            for each in given.get("Variables", ())
        ],
        trigger=[_trigger(each) for each in given.get("Triggers", ())],
        tags=request.all_tags(),
    )
    return Made(name, {"Version": "1", "Arn": arn}, (("aws_codepipeline", state),))


def _store(given: Values, region: str | None) -> Values:
    key = given.get("EncryptionKey")
    return values(
        location=given["Location"],
        type=given["Type"],
        region=region,
        encryption_key=key and blocks({"id": key["Id"], "type": key["Type"]}),
    )


def _stage(given: Values) -> Values:
    failure = given.get("OnFailure")
    return values(
        name=given["Name"],
        action=[_action(each) for each in given["Actions"]],
        before_entry=_conditions(given.get("BeforeEntry")),
        on_success=_conditions(given.get("OnSuccess")),
        on_failure=failure
        and blocks(
            values(
                result=failure.get("Result"),
                condition=[_condition(each) for each in failure.get("Conditions", ())],
                retry_configuration=failure.get("RetryConfiguration")
                and blocks({"retry_mode": failure["RetryConfiguration"].get("RetryMode")}),
            )
        ),
    )


def _conditions(given: Values | None) -> list[Values] | None:
    if given is None:
        return None
    return blocks({"condition": [_condition(each) for each in given.get("Conditions", ())]})


def _condition(given: Values) -> Values:
    return values(result=given.get("Result"), rule=[_rule(each) for each in given.get("Rules", ())])


def _rule(given: Values) -> Values:
    return values(
        name=given.get("Name"),
        rule_type_id=blocks(_type(given["RuleTypeId"])),
        configuration=_configuration(given),
        commands=given.get("Commands"),
        input_artifacts=_names(given, "InputArtifacts"),
        region=given.get("Region"),
        role_arn=given.get("RoleArn"),
    )


def _type(given: Values) -> Values:
    return values(
        category=given["Category"],
        owner=given.get("Owner"),
        provider=given["Provider"],
        version=given.get("Version"),
    )


def _action(given: Values) -> Values:
    return values(
        name=given["Name"],
        **_type(given["ActionTypeId"]),
        run_order=given.get("RunOrder", 1),
        configuration=_configuration(given),
        input_artifacts=_names(given, "InputArtifacts"),
        output_artifacts=_names(given, "OutputArtifacts"),
        role_arn=given.get("RoleArn"),
        region=given.get("Region"),
        namespace=given.get("Namespace"),
        timeout_in_minutes=given.get("TimeoutInMinutes"),
        commands=given.get("Commands"),
        output_variables=given.get("OutputVariables"),
        output_artifacts_for_compute_action=[
            {"name": each["Name"], "files": each["Files"]}
            for each in given.get("OutputArtifacts", ())
            if "Files" in each
        ],
        # Terraform has no such block yet.
        environment_variable=[
            values(name=each["Name"], value=each["Value"], type=each.get("Type"))
            for each in given.get("EnvironmentVariables", ())
        ]
        or None,
    )


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
    return values(
        provider_type=given["ProviderType"],
        git_configuration=blocks(
            values(
                source_action_name=git.get("SourceActionName"),
                push=[
                    values(
                        branches=_filter(each.get("Branches")),
                        file_paths=_filter(each.get("FilePaths")),
                        tags=_filter(each.get("Tags")),
                    )
                    for each in git.get("Push", ())
                ],
                pull_request=[
                    values(
                        events=each.get("Events"),
                        branches=_filter(each.get("Branches")),
                        file_paths=_filter(each.get("FilePaths")),
                    )
                    for each in git.get("PullRequest", ())
                ],
            )
        ),
    )


def _filter(given: Values | None) -> list[Values] | None:
    if given is None:
        return None
    return blocks(values(includes=given.get("Includes"), excludes=given.get("Excludes")))


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
