"""What MiniStack answers to calls of DynamoDB, in AWS's words."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bonkei.services.endpoint.backing.dialects.dynamodb import answered, check, refused
from bonkei.services.endpoint.calls.request import Call
from bonkei.services.endpoint.errors import ApiError

UNUSED = "Value provided in ExpressionAttributeNames unused in expressions: keys: {#count}"
INVALID = "One or more parameter values were invalid:"
TABLE = "arn:aws:dynamodb:eu-west-1:123456789012:table/none"


@pytest.mark.parametrize(
    ("operation", "message", "words"),
    [
        ("PutItem", UNUSED, f"1 validation error detected: {UNUSED}"),
        ("Scan", UNUSED, UNUSED),
        ("Query", UNUSED, UNUSED),
        ("UpdateItem",
         f"{INVALID} Aggregated size of all hash keys has exceeded the size limit of 2048 bytes",
         f"{INVALID} Size of hashkey has exceeded the maximum size limit of2048 bytes"),
        ("ImportTable",
         f"{INVALID} ProvisionedThroughput must be specified when BillingMode is PROVISIONED",
         (f"{INVALID} ReadCapacityUnits and WriteCapacityUnits must both be specified when "
          "BillingMode is PROVISIONED")),
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


COUNTED = "1 validation error detected: "


@pytest.mark.parametrize(
    ("operation", "asked", "words"),
    [
        ("Query", {"ProjectionExpression": ""},
         "Invalid ProjectionExpression: The expression can not be empty;"),
        ("UpdateItem", {"UpdateExpression": "", "ExpressionAttributeValues": {":a": {"S": "b"}}},
         f"{COUNTED}Invalid UpdateExpression: The expression can not be empty;"),
        ("Scan", {"ExpressionAttributeValues": {"a": {"S": "b"}}},
         'ExpressionAttributeValues contains invalid key: Syntax error; key: "a"'),
        ("Scan", {"Select": "count"},
         (f"{COUNTED}Value 'count' at 'select' failed to satisfy constraint: Member must satisfy "
         "enum value set: [SPECIFIC_ATTRIBUTES, COUNT, ALL_ATTRIBUTES, ALL_PROJECTED_ATTRIBUTES]")),
        ("Scan", {"Select": "COUNT", "AttributesToGet": ["a"]},
         "Cannot specify the AttributesToGet when choosing to get only the Count"),
        ("Query", {"Select": "ALL_ATTRIBUTES", "AttributesToGet": ["a"]},
         f"{COUNTED}Cannot specify the AttributesToGet when choosing to get ALL_ATTRIBUTES"),
        ("Query", {"Select": "SPECIFIC_ATTRIBUTES", "AttributesToGet": ["a"]}, ""),
        ("UpdateItem", {"UpdateExpression": "SET a.#b = :c",
                        "ExpressionAttributeNames": {"#b": "b", "#bb": "c"}},
         (f"{COUNTED}Value provided in ExpressionAttributeNames unused in expressions: "
         "keys: {#bb}")),
        ("BatchGetItem", {"RequestItems": {"t": {"ExpressionAttributeNames": {"#a": "a"}}}},
         "Value provided in ExpressionAttributeNames unused in expressions: keys: {#a}"),
        ("UpdateItem", {"UpdateExpression": "ADD a :b",
                        "ExpressionAttributeValues": {":b": {"SS": []}}},
         f"{COUNTED}One or more parameter values were invalid: An string set  may not be empty"),
        ("TransactWriteItems",
         {"TransactItems": [{"Update": {"UpdateExpression": "SET a = :a SET b = :b ADD c :c"}}]},
         ('Invalid UpdateExpression: The "SET" section can only be used once in an update '
         "expression;")),
        ("TransactWriteItems", {"TransactItems": [{"Put": {"ExpressionAttributeValues": {}}}]},
         "ExpressionAttributeValues must not be empty"),
        ("UpdateItem", {"UpdateExpression": "SET #set = :set REMOVE b",
                        "ExpressionAttributeNames": {"#set": "c"}}, ""),
        ("UpdateItem", ["not", "a", "map"], ""),
    ],
)  # fmt: skip
def test_expressions_that_dynamodb_refuses(operation: str, asked: Any, words: str) -> None:
    call = Call("dynamodb", operation, "json", "eu-west-1")
    if not words:
        check(call, json.dumps(asked).encode())
        return
    with pytest.raises(ApiError) as raised:
        check(call, json.dumps(asked).encode())
    assert (raised.value.code, raised.value.message) == ("ValidationException", words)
