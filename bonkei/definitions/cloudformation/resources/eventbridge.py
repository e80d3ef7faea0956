"""Amazon EventBridge: rules with their targets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bonkei.definitions.cloudformation.resources.kind import (
    Kind,
    Made,
    Request,
    TypedValues,
    blocks,
    document,
    values,
)


def _rule(request: Request) -> Made:
    given = request.properties
    name = request.name("Name", 64)
    arn = request.place.arn("events", f"rule/{name}")
    pattern = given.get("EventPattern")
    state = values(
        id=name,
        name=name,
        arn=arn,
        description=given.get("Description", ""),
        event_bus_name=given.get("EventBusName", "default"),
        event_pattern=None if pattern is None else document(pattern),
        schedule_expression=given.get("ScheduleExpression") or None,
        role_arn=given.get("RoleArn", ""),
        state=given.get("State", "ENABLED"),
        tags=request.all_tags(),
    )
    targets = [_target(name, each) for each in given.get("Targets", ())]
    return Made(name, {"Arn": arn}, (("aws_cloudwatch_event_rule", state), *targets))


def _target(rule: str, given: Mapping[str, object]) -> TypedValues:
    transformer, letters = given.get("InputTransformer"), given.get("DeadLetterConfig")
    task, retry = given.get("EcsParameters"), given.get("RetryPolicy")
    queue = given.get("SqsParameters")
    state = values(
        id=f"{rule}-{given['Id']}",
        rule=rule,
        target_id=given["Id"],
        arn=given["Arn"],
        role_arn=given.get("RoleArn", ""),
        input=given.get("Input"),
        input_path=given.get("InputPath"),
        input_transformer=blocks(
            values(
                input_paths=transformer.get("InputPathsMap", {}),
                input_template=transformer["InputTemplate"],
            )
        )
        if isinstance(transformer, Mapping)
        else None,
        dead_letter_config=blocks({"arn": letters.get("Arn")})
        if isinstance(letters, Mapping)
        else None,
        retry_policy=blocks(
            {
                "maximum_retry_attempts": retry.get("MaximumRetryAttempts", 185),
                "maximum_event_age_in_seconds": retry.get("MaximumEventAgeInSeconds", 86_400),
            }
        )
        if isinstance(retry, Mapping)
        else None,
        ecs_target=blocks(_task(task)) if isinstance(task, Mapping) else None,
        sqs_target=blocks({"message_group_id": queue.get("MessageGroupId")})
        if isinstance(queue, Mapping)
        else None,
    )
    return "aws_cloudwatch_event_target", state


def _task(given: Mapping[str, Any]) -> dict[str, Any]:
    vpc = given.get("NetworkConfiguration", {}).get("AwsVpcConfiguration", {})
    network = {
        "subnets": vpc.get("Subnets", []),
        "security_groups": vpc.get("SecurityGroups", []),
        "assign_public_ip": vpc.get("AssignPublicIp") == "ENABLED",
    }
    providers = given.get("CapacityProviderStrategy", ())
    return {
        "task_definition_arn": given["TaskDefinitionArn"],
        "task_count": given.get("TaskCount", 1),
        "launch_type": given.get("LaunchType", ""),
        "platform_version": given.get("PlatformVersion", ""),
        "group": given.get("Group", ""),
        "propagate_tags": given.get("PropagateTags", ""),
        "enable_ecs_managed_tags": given.get("EnableECSManagedTags", False),
        "enable_execute_command": given.get("EnableExecuteCommand", False),
        "network_configuration": [network] if vpc else [],
        "capacity_provider_strategy": [
            {
                "capacity_provider": each["CapacityProvider"],
                "base": each.get("Base", 0),
                "weight": each.get("Weight", 0),
            }
            for each in providers
        ],
        "tags": {each["Key"]: each["Value"] for each in given.get("TagList", ())},
    }


_OTHERS = {
    "AppSyncParameters": "AppSync",
    "BatchParameters": "Batch",
    "HttpParameters": "API Gateway",
    "KinesisParameters": "Kinesis",
    "RedshiftDataParameters": "Redshift",
    "RunCommandParameters": "Run Command",
    "SageMakerPipelineParameters": "SageMaker",
}
_OF_TASKS = (
    "PlacementConstraints",
    "PlacementStrategies",
    "ReferenceId",
)

KINDS: Mapping[str, Kind] = {
    "AWS::Events::Rule": Kind(
        _rule,
        named_by="Name",
        unserved={
            **{
                f"Targets.{name}": f"{one} is not in the miniature" for name, one in _OTHERS.items()
            },
            **{
                f"Targets.EcsParameters.{name}": "all tasks run on this machine"
                for name in _OF_TASKS
            },
        },
    )
}
