"""Amazon EventBridge: rules with their targets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bonkei.definitions.cloudformation.resources.kind import (
    Kind,
    Made,
    Request,
    TypedValues,
    Values,
    block,
    blocks,
    documents,
    optional,
    plain,
    tags_of,
    values,
)


def _rule(request: Request) -> Made:
    given = request.properties
    name = request.name("Name", 64)
    arn = request.place.arn("events", f"rule/{name}")
    state = {
        "id": name,
        "name": name,
        "arn": arn,
        **plain(given, "Description EventBusName RoleArn State"),
        **documents(given, "EventPattern"),
        "schedule_expression": given.get("ScheduleExpression") or None,
        "tags": request.all_tags(),
    }
    targets = [_target(name, each) for each in given.get("Targets", ())]
    return Made(name, {"Arn": arn}, (("aws_cloudwatch_event_rule", state), *targets))


def _target(rule: str, given: Values) -> TypedValues:
    state = values(
        id=f"{rule}-{given['Id']}",
        rule=rule,
        **plain(given, "Arn RoleArn Input InputPath", target_id="Id"),
        input_transformer=block(
            given.get("InputTransformer"), "InputTemplate", input_paths="InputPathsMap"
        ),
        dead_letter_config=block(given.get("DeadLetterConfig"), "Arn"),
        retry_policy=block(
            given.get("RetryPolicy"), "MaximumRetryAttempts MaximumEventAgeInSeconds"
        ),
        ecs_target=optional(given.get("EcsParameters"), _task),
        sqs_target=block(given.get("SqsParameters"), "MessageGroupId"),
    )
    return "aws_cloudwatch_event_target", state


def _task(given: Values) -> dict[str, Any]:
    vpc = given.get("NetworkConfiguration", {}).get("AwsVpcConfiguration", {})
    network = {
        **plain(vpc, "Subnets SecurityGroups"),
        "assign_public_ip": vpc.get("AssignPublicIp") == "ENABLED",
    }
    return {
        "task_count": 1,
        **plain(
            given,
            "TaskDefinitionArn TaskCount LaunchType PlatformVersion Group PropagateTags"
            " EnableECSManagedTags EnableExecuteCommand",
        ),
        "network_configuration": [network] if vpc else [],
        "capacity_provider_strategy": blocks(
            given.get("CapacityProviderStrategy", ()), "CapacityProvider Base Weight"
        ),
        "tags": tags_of(given.get("TagList")),
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
_OF_TASKS = ("PlacementConstraints", "PlacementStrategies", "ReferenceId")

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
