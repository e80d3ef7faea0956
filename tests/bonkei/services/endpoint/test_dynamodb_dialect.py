"""What MiniStack answers to calls of DynamoDB, in AWS's words."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bonkei.services.endpoint.backing.dialects.dynamodb import answered, refused
from bonkei.services.endpoint.calls.request import Call

UNUSED = "Value provided in ExpressionAttributeNames unused in expressions: keys: {#count}"
TABLE = "arn:aws:dynamodb:eu-west-1:123456789012:table/none"


@pytest.mark.parametrize(
    ("operation", "message", "words"),
    [
        ("PutItem", UNUSED, f"1 validation error detected: {UNUSED}"),
        ("Scan", UNUSED, UNUSED),
        ("GetItem", "ExpressionAttributeNames can only be specified when using expressions: Key",
         "ExpressionAttributeNames can only be specified when using expressions"),
        ("GetResourcePolicy", f"Requested resource not found: ResourceArn: {TABLE} not found",
         "Requested resource not found: Table: none not found"),
        ("GetResourcePolicy", f"No resource-based policy found for resource {TABLE}",
         f"Resource-based policy not found for the provided ResourceArn: {TABLE}"),
        ("PutItem", "The conditional request failed", "The conditional request failed"),
    ],
)  # fmt: skip
def test_the_words_of_an_error(operation: str, message: str, words: str) -> None:
    error = {"__type": "com.amazonaws.dynamodb.v20120810#ValidationException", "message": message}
    body = json.dumps(error).encode()
    answer = refused(Call("dynamodb", operation, "json", "eu-west-1"), body)
    if words == message:
        assert answer is None
        return
    assert answer is not None
    assert json.loads(answer.body) == error | {"message": words}
    assert ("x-amzn-errortype", "ValidationException") in answer.headers


@pytest.mark.parametrize(
    ("table", "shown"),
    [
        (
            {"ProvisionedThroughput": {"ReadCapacityUnits": 5, "WriteCapacityUnits": 6},
             "BillingModeSummary": {"BillingMode": "PROVISIONED"}},
            {"ProvisionedThroughput": {"ReadCapacityUnits": 5, "WriteCapacityUnits": 6,
                                       "NumberOfDecreasesToday": 0},
             "WarmThroughput": {"ReadUnitsPerSecond": 5, "WriteUnitsPerSecond": 6,
                                "Status": "ACTIVE"}},
        ),
        (
            {"CreationDateTime": 7.0, "BillingModeSummary": {"BillingMode": "PAY_PER_REQUEST"}},
            {"CreationDateTime": 7.0,
             "BillingModeSummary": {"BillingMode": "PAY_PER_REQUEST",
                                    "LastUpdateToPayPerRequestDateTime": 7.0},
             "ProvisionedThroughput": {"NumberOfDecreasesToday": 0},
             "WarmThroughput": {"ReadUnitsPerSecond": 12000, "WriteUnitsPerSecond": 4000,
                                "Status": "ACTIVE"}},
        ),
    ],
)  # fmt: skip
def test_the_description_of_a_table(table: dict[str, Any], shown: dict[str, Any]) -> None:
    body = json.dumps({"Table": table}).encode()
    answer = answered(Call("dynamodb", "DescribeTable", "json", "eu-west-1"), body)
    assert answer is not None
    assert json.loads(answer.body)["Table"] == shown
    assert answered(Call("dynamodb", "GetItem", "json", "eu-west-1"), b"{}") is None
