"""The permissions of the services that the miniature's services answer: ECS, Lambda, CloudWatch, …

Nearly every action has the name of its operation. `_RESOURCES`: the parameters that name a call's
resources. A call without them is about `*`. "Actions, resources, and condition keys for AWS
services", the Service Authorization Reference.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from bonkei.services.endpoint.permission import ecs
from bonkei.services.endpoint.permission.names import Names
from bonkei.services.endpoint.permission.requirement import ALL, Requirement

Parameters = Mapping[str, Any]
Find = Callable[[str, Parameters, Names], Iterator[Requirement]]

_PREFIXES = {"elbv2": "elasticloadbalancing"}

_ACTIONS = {
    ("lambda", "Invoke"): "InvokeFunction",
    ("lambda", "InvokeWithResponseStream"): "InvokeFunction",
}

_RESOURCES: Mapping[str, tuple[tuple[str, str], ...]] = {
    "cloudwatch": (
        ("AlarmName", "alarm:{}"), ("AlarmNames", "alarm:{}"), ("ResourceARN", "{}"),
    ),
    "events": (
        ("ResourceARN", "{}"), ("Rule", "rule/{bus}{}"),
    ),
    "elbv2": (
        ("TargetGroupArn", "{}"), ("RuleArn", "{}"), ("ListenerArn", "{}"),
        ("LoadBalancerArn", "{}"), ("ResourceArns", "{}"),
    ),
    "rds": (
        ("DBClusterIdentifier", "cluster:{}"), ("DBInstanceIdentifier", "db:{}"),
        ("ResourceName", "{}"), ("DBClusterSnapshotIdentifier", "cluster-snapshot:{}"),
        ("SourceDBClusterSnapshotIdentifier", "cluster-snapshot:{}"),
    ),
    "codebuild": (
        ("projectName", "project/{}"), ("ids", "project/{}"), ("id", "project/{}"),
        ("names", "project/{}"), ("project.name", "project/{}"), ("name", "project/{}"),
    ),
    "codecommit": (("repositoryName", "{}"), ("repositoryNames", "{}")),
    "cloudformation": (("StackName", "stack/{}/*"),),
    "ecr": (("repositoryName", "repository/{}"), ("repositoryNames", "repository/{}")),
    "scheduler": (("Name", "schedule/{group}{}"), ("ResourceArn", "{}")),
    "application-autoscaling": (), "servicediscovery": (),
}  # fmt: skip
# Operations that IAM does not restrict to a resource, by the beginning of their names.
_WITHOUT: Mapping[str, tuple[str, ...]] = {
    "cloudwatch": ("DescribeAlarmsForMetric", "GetMetric", "ListMetrics", "PutMetricData"),
    "events": ("ListRule", "ListEventBuses", "TestEventPattern"),
    "elbv2": ("Describe",),
    "codebuild": ("ListProjects", "ListCurated", "ListSource", "ListReportGroups"),
    "codecommit": ("ListRepositories",),
    "cloudformation": ("ListStacks", "ValidateTemplate", "DescribeAccount", "ListExports",
                       "ListImports", "EstimateTemplateCost", "DescribeType", "ListTypes"),
    "ecr": ("GetAuthorizationToken",),
}  # fmt: skip
# If such a call names no resource, it is about all resources of a kind.
_ALL_OF: Mapping[str, tuple[tuple[str, str], ...]] = {
    "cloudwatch": (("DescribeAlarms", "alarm:*"), ("DescribeAlarmHistory", "alarm:*")),
    "rds": (
        ("DescribeDBClusters", "cluster:*"),
        ("DescribeDBInstances", "db:*"),
        ("DescribeDBClusterSnapshots", "cluster-snapshot:*"),
    ),
    "ecr": (("DescribeRepositories", "repository/*"),),
}


def finder(service: str) -> Find | None:
    """The reader of a service's permissions; None for an unknown service. `service`: its name in
    the credential scope, or botocore's name."""
    name = {"monitoring": "cloudwatch", "elasticloadbalancing": "elbv2"}.get(service, service)
    if name in _OWN:
        return _OWN[name]
    if name not in _RESOURCES:
        return None

    def find(operation: str, given: Parameters, names: Names) -> Iterator[Requirement]:
        action = f"{_PREFIXES.get(name, name)}:{_ACTIONS.get((name, operation), operation)}"
        if (name, operation) == ("events", "PutEvents"):
            yield from _put_events(given, names)
            return
        found = list(_resources(name, operation, given, names)) or [ALL]
        namespace = str(given.get("Namespace") or "")
        is_put = (name, operation) == ("cloudwatch", "PutMetricData")
        context = {"cloudwatch:namespace": (namespace,)} if is_put else {}
        for resource in found:
            yield Requirement(action, resource, context=context)

    return find


def _put_events(given: Parameters, names: Names) -> Iterator[Requirement]:
    """Each entry on its bus, with what it says: "Using conditions with EventBridge"."""
    for entry in given.get("Entries") or [{}]:
        bus = str(entry.get("EventBusName") or "default")
        said = {"events:source": entry.get("Source"), "events:detail-type": entry.get("DetailType")}
        yield Requirement(
            "events:PutEvents",
            bus if bus.startswith("arn:") else names.place.arn("events", f"event-bus/{bus}"),
            context={key: (str(value),) for key, value in said.items() if value},
        )


def _resources(name: str, operation: str, given: Parameters, names: Names) -> Iterator[str]:
    if operation.startswith(_WITHOUT.get(name, ())):
        return
    prefix = _PREFIXES.get(name, name)
    bus, group = (
        str(given.get("EventBusName") or "default"),
        str(given.get("GroupName") or "default"),
    )
    parts = {"bus": "" if bus == "default" else f"{bus}/", "group": f"{group}/"}
    if name == "events" and operation.endswith("Rule") and given.get("Name"):
        given = {**given, "Rule": given["Name"]}
    for path, template in _RESOURCES[name]:
        values = list(_values(path, given))
        if name == "codebuild":  # a build is of its project
            values = [each if each.startswith("arn:") else each.split(":")[0] for each in values]
        for value in dict.fromkeys(values):
            made = names.place.arn(prefix, template.format(value, **parts))
            yield value if value.startswith("arn:") else made
        if values:
            return
    for wanted, resource in _ALL_OF.get(name, ()):
        if operation == wanted:
            yield names.place.arn(prefix, resource)


def _values(path: str, given: Any) -> Iterator[str]:
    head, _, rest = path.partition(".")
    value = given.get(head) if isinstance(given, Mapping) else None
    if rest and value:
        yield from _values(rest, value)
    elif isinstance(value, list | tuple):
        yield from (str(each) for each in value)
    elif value:
        yield str(value)


def _lambda(operation: str, given: Parameters, names: Names) -> Iterator[Requirement]:
    action = f"lambda:{_ACTIONS.get(('lambda', operation), operation)}"
    place, name = names.place, str(given.get("FunctionName") or "")
    if "EventSourceMapping" in operation:
        if identifier := given.get("UUID"):
            yield Requirement(action, place.arn("lambda", f"event-source-mapping:{identifier}"))
        else:
            yield Requirement(action)
        return
    if arn := given.get("Resource"):
        yield Requirement(action, str(arn))
    elif not name:
        yield Requirement(action)
    else:
        base = name if name.startswith("arn:") else place.arn(
            "lambda", f"function:{name.removeprefix('function:')}"
        )  # fmt: skip
        qualifier = given.get("Qualifier")
        yield Requirement(action, f"{base}:{qualifier}" if qualifier else base)
    if (role := given.get("Role")) and operation in (
        "CreateFunction",
        "UpdateFunctionConfiguration",
    ):
        passed = {"iam:passedtoservice": ("lambda.amazonaws.com",)}
        yield Requirement("iam:PassRole", str(role), context=passed)


_OF_STAGE = ("RetryStageExecution", "EnableStageTransition", "DisableStageTransition",
             "RollbackStage", "OverrideStageCondition")  # fmt: skip


def _codepipeline(operation: str, given: Parameters, names: Names) -> Iterator[Requirement]:
    action = f"codepipeline:{operation}"
    name = str(given.get("pipelineName") or given.get("name") or "")
    if not name and isinstance(given.get("pipeline"), Mapping):
        name = str(given["pipeline"].get("name") or "")
    if arn := given.get("resourceArn"):
        yield Requirement(action, str(arn))
        return
    if not name:
        yield Requirement(action)
        return
    stage = str(given.get("stageName") or "")
    if operation in _OF_STAGE:
        name = f"{name}/{stage}"
    elif operation == "PutApprovalResult":
        name = f"{name}/{stage}/{given.get('actionName') or ''}"
    yield Requirement(action, names.place.arn("codepipeline", name))


def _iam(operation: str, given: Parameters, names: Names) -> Iterator[Requirement]:
    if name := given.get("RoleName"):
        account, partition = names.place.account, names.place.partition
        named = names.roles.get(str(name), f"arn:{partition}:iam::{account}:role/{name}")
        yield Requirement(f"iam:{operation}", named)
    elif arn := given.get("PolicyArn"):
        yield Requirement(f"iam:{operation}", str(arn))
    else:
        yield Requirement(f"iam:{operation}")


_OWN: Mapping[str, Find] = {
    "ecs": ecs.required,
    "lambda": _lambda,
    "codepipeline": _codepipeline,
    "iam": _iam,
}
OBSERVED = frozenset(_PREFIXES.get(each, each) for each in (*_RESOURCES, *_OWN))
"""The prefixes of their actions."""
