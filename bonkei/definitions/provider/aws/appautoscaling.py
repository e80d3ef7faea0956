"""Application Auto Scaling.

https://docs.aws.amazon.com/autoscaling/application/APIReference/Welcome.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bonkei.definitions.provider.aws.shared.blocks import first
from bonkei.definitions.provider.aws.shared.checks import (
    above,
    at,
    between,
    doubted,
    length,
    matches,
    needs_when,
    unsure,
)
from bonkei.definitions.provider.aws.shared.formats import doubtful_rate, schedule
from bonkei.definitions.provider.aws.shared.import_ids import unexpected
from bonkei.definitions.provider.aws.shared.naming import Mint
from bonkei.definitions.provider.aws.shared.resource import resource
from bonkei.definitions.provider.aws.shared.seeds import HEX
from bonkei.definitions.provider.behaviour import Context, Problem, ResourceBehaviour
from bonkei.definitions.provider.values import Object, Value, given

_DIMENSIONS = {
    "ecs": ("ecs:service:DesiredCount",),
    "rds": ("rds:cluster:ReadReplicaCount", "rds:cluster:Capacity"),
    "dynamodb": (
        "dynamodb:table:ReadCapacityUnits",
        "dynamodb:table:WriteCapacityUnits",
        "dynamodb:index:ReadCapacityUnits",
        "dynamodb:index:WriteCapacityUnits",
    ),
    "lambda": ("lambda:function:ProvisionedConcurrency",),
    "ec2": ("ec2:spot-fleet-request:TargetCapacity",),
}
_PREDEFINED = {
    "ecs": (
        "ECSServiceAverageCPUUtilization",
        "ECSServiceAverageMemoryUtilization",
        "ALBRequestCountPerTarget",
    ),
    "rds": ("RDSReaderAverageCPUUtilization", "RDSReaderAverageDatabaseConnections"),
    "dynamodb": ("DynamoDBReadCapacityUtilization", "DynamoDBWriteCapacityUtilization"),
    "lambda": ("LambdaProvisionedConcurrencyUtilization",),
}
_TRACKING = "target_tracking_scaling_policy_configuration"
_LINKED_ROLES = {
    "ecs": "ECSService",
    "rds": "RDSCluster",
    "dynamodb": "DynamoDBTable",
    "lambda": "LambdaConcurrency",
}


def _target(mint: Mint) -> Mapping[str, Value]:
    """Application Auto Scaling acts by its service-linked role. It takes no other role."""
    service = str(mint.given("service_namespace"))
    domain = f"{service}.application-autoscaling.amazonaws.com"
    role = f"AWSServiceRoleForApplicationAutoScaling_{_LINKED_ROLES.get(service, service)}"
    return {
        "id": mint.given("resource_id"),
        "arn": mint.arn(
            "application-autoscaling", f"scalable-target/0{mint.random(34, HEX, 'target')}"
        ),
        "role_arn": mint.arn("iam", f"role/aws-service-role/{domain}/{role}", region=""),
    }


def _policy(mint: Mint) -> Mapping[str, Value]:
    name, target = mint.given("name"), mint.given("resource_id")
    service = mint.given("service_namespace")
    place = f"scalingPolicy:{mint.uuid()}:resource/{service}/{target}:policyName/{name}"
    tracking = bool(first(mint.planned.get(_TRACKING)))
    alarms = [
        mint.arn("cloudwatch", f"alarm:TargetTracking-{target}-Alarm{side}-{mint.uuid(side)}")
        for side in ("High", "Low")
        if tracking
    ]
    return {"id": name, "arn": mint.arn("autoscaling", place), "alarm_arns": alarms}


def _resource_fits(config: Object) -> Iterator[Problem]:
    service, dimension = config.get("service_namespace"), config.get("scalable_dimension")
    target = config.get("resource_id")
    allowed = _DIMENSIONS.get(str(service)) if given(service) else None
    if allowed and given(dimension) and dimension not in allowed:
        listed = ", ".join(allowed)
        detail = f'With service_namespace "{service}", expected {listed}, got "{dimension}".'
        yield Problem(("scalable_dimension",), 'Invalid value for "scalable_dimension"', detail)
    if service == "ecs" and given(target) and not _is_service(str(target)):
        detail = f'Expected service/CLUSTER/SERVICE, got "{target}".'
        yield Problem(("resource_id",), 'Invalid value for "resource_id"', detail)


def _is_service(text: str) -> bool:
    kind, _, names = text.partition("/")
    return kind == "service" and names.count("/") == 1 and not names.startswith("arn:")


def _capacities(config: Object) -> Iterator[Problem]:
    low, high = config.get("min_capacity"), config.get("max_capacity")
    if given(low) and given(high) and float(low or 0) > float(high or 0):
        detail = f"min_capacity ({low}) is above max_capacity ({high})."
        yield Problem(("min_capacity",), "Invalid capacity", detail)


def _metrics(config: Object) -> Iterator[Problem]:
    block = first(config.get(_TRACKING))
    kinds = ("predefined_metric_specification", "customized_metric_specification")
    if not block or any(unsure(block.get(kind)) for kind in kinds):
        return
    predefined = first(block.get("predefined_metric_specification"))
    customized = first(block.get("customized_metric_specification"))
    if bool(predefined) == bool(customized):
        detail = "One of predefined_metric_specification and customized_metric_specification."
        yield Problem((_TRACKING, 0), "Invalid metric", detail)
    allowed = _PREDEFINED.get(str(config.get("service_namespace")))
    metric = predefined.get("predefined_metric_type")
    place = (_TRACKING, 0, "predefined_metric_specification", 0)
    if allowed and given(metric) and metric not in allowed:
        detail = f'Expected {", ".join(allowed)}, got "{metric}".'
        yield Problem((*place, "predefined_metric_type"), "Invalid metric", detail)
    label = predefined.get("resource_label")
    if metric == "ALBRequestCountPerTarget" and label is None:
        detail = "ALBRequestCountPerTarget needs resource_label: the load balancer's arn_suffix,"
        yield Problem(place, "Missing argument", f"{detail} /, the target group's arn_suffix.")


def _import_target(identifier: str, _: Context) -> Object:
    service, slash, rest = identifier.partition("/")
    target, _slash, dimension = rest.rpartition("/")
    if not (slash and target):
        raise unexpected("SERVICE/RESOURCEID/DIMENSION")
    return {
        "id": target,
        "service_namespace": service,
        "resource_id": target,
        "scalable_dimension": dimension,
    }


_SERVICE = matches(r"[a-z0-9-]+", "a service's namespace, such as ecs")
_whole_number = matches(r"\d+", "a whole number from 0")  # a string in the provider's schema

RESOURCES: Mapping[str, ResourceBehaviour] = {
    "aws_appautoscaling_target": resource(
        _target,
        at("service_namespace", _SERVICE),
        at("min_capacity", between(0)),
        at("max_capacity", between(0)),
        _resource_fits,
        _capacities,
        import_=_import_target,
    ),
    "aws_appautoscaling_policy": resource(
        _policy,
        at("name", length(1, 255)),
        # The capacity is divided by the target, so the target cannot be zero.
        at(f"{_TRACKING}.target_value", above(0)),
        at(f"{_TRACKING}.scale_in_cooldown", between(0)),
        at(f"{_TRACKING}.scale_out_cooldown", between(0)),
        needs_when("policy_type", "TargetTrackingScaling", _TRACKING),
        _resource_fits,
        _metrics,
    ),
    "aws_appautoscaling_scheduled_action": resource(
        lambda mint: {
            "id": f"{mint.given('name')}-{mint.given('service_namespace')}-"
            f"{mint.given('resource_id')}",
            "arn": mint.arn(
                "autoscaling",
                f"scheduledAction:{mint.uuid()}:resource/{mint.given('service_namespace')}/"
                f"{mint.given('resource_id')}:scheduledActionName/{mint.given('name')}",
            ),
        },
        at("schedule", schedule),
        doubted("schedule", doubtful_rate),
        *(at(f"scalable_target_action.{end}_capacity", _whole_number) for end in ("min", "max")),
        _resource_fits,
    ),
}
