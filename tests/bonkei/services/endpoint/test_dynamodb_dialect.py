"""What MiniStack answers to calls of DynamoDB, in AWS's words."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bonkei.services.endpoint.backing.dialects.dynamodb import answered, check, refused
from bonkei.services.endpoint.backing.dialects.tables import asked as asked_of_table
from bonkei.services.endpoint.calls.request import Call, Request
from bonkei.services.endpoint.errors import Answer, ApiError

UNUSED = "Value provided in ExpressionAttributeNames unused in expressions: keys: {#count}"
INVALID = "One or more parameter values were invalid:"
TABLE = "arn:aws:dynamodb:eu-west-1:123456789012:table/none"


@pytest.mark.parametrize(
    ("operation", "message", "words"),
    [
        ("PutItem", UNUSED, f"1 validation error detected: {UNUSED}"),
        ("UpdateItem", UNUSED.replace("Names", "Values").replace("#", ":"),
         f"1 validation error detected: {UNUSED}".replace("Names", "Values").replace("#", ":")),
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
        ("CreateTable", {"KeySchema": [{"KeyType": "HASH"}, {"KeyType": "SORT"}]},
         (f"{COUNTED}Value 'SORT' at 'keySchema.2.member.keyType' failed to satisfy constraint: "
         "Member must satisfy enum value set: [HASH, RANGE]")),
        ("CreateTable", {"LocalSecondaryIndexes": [{"KeySchema": [{"KeyType": "SORT"}]}]},
         (f"{COUNTED}Value 'SORT' at 'localSecondaryIndexes.1.member.keySchema.1.member.keyType' "
         "failed to satisfy constraint: Member must satisfy enum value set: [HASH, RANGE]")),
        ("CreateTable", {"KeySchema": [{"KeyType": "HASH"}, {"KeyType": "RANGE"}]}, ""),
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


HELD: dict[str, Any] = {
    "DescribeTable": {"Table": {"GlobalSecondaryIndexes": [
        {"IndexName": "keys", "Projection": {"ProjectionType": "KEYS_ONLY"}},
        {"IndexName": "all", "Projection": {"ProjectionType": "ALL"}},
    ]}},
    "GetResourcePolicy": {"Policy": "{}", "RevisionId": "7"},
    "DescribeContinuousBackups": {"ContinuousBackupsDescription": {
        "PointInTimeRecoveryDescription": {"PointInTimeRecoveryStatus": "DISABLED"}}},
}  # fmt: skip
ALL = {"TableName": "t", "Select": "ALL_ATTRIBUTES"}
NONE = "Resource-based policy not found for the provided ResourceArn: Requested"


async def _held(request: Request, _: bytes) -> tuple[int, bytes]:
    return 200, json.dumps(HELD[request.header["x-amz-target"].partition(".")[2]]).encode()


async def _none_held(_: Request, __: bytes) -> tuple[int, bytes]:
    return 400, b"{}"


@pytest.mark.parametrize(
    ("operation", "given", "words"),
    [
        ("Query", {**ALL, "IndexName": "keys"},
         (f"{INVALID} Select type ALL_ATTRIBUTES is not supported for global secondary index keys "
         "because its projection type is not ALL")),
        ("Scan", {**ALL, "IndexName": "all"}, ""),
        ("Scan", {**ALL, "IndexName": "local"}, ""),
        ("Scan", ALL, ""),
        ("PutResourcePolicy", {"ResourceArn": TABLE, "ExpectedRevisionId": "NO_POLICY"},
         (f"{NONE} policy update expecting none to be present for table none, but a policy exists "
         "with revision id 7.")),
        ("PutResourcePolicy", {"ResourceArn": TABLE, "ExpectedRevisionId": "7"}, ""),
        ("DeleteResourcePolicy", {"ResourceArn": TABLE, "ExpectedRevisionId": "6"},
         (f"{NONE} update for policy with revision id 6, but the policy associated to target table "
         "none has revision id 7.")),
        ("DeleteResourcePolicy", {"ResourceArn": TABLE}, ""),
        ("ExportTableToPointInTime", {"TableArn": TABLE},
         "Point in time recovery is not enabled for table 'none'"),
        ("ExportTableToPointInTime", ["not", "a", "map"], ""),
    ],
)  # fmt: skip
async def test_what_a_table_does_not_allow(operation: str, given: Any, words: str) -> None:
    call, body = Call("dynamodb", operation, "json", "eu-west-1"), json.dumps(given).encode()
    assert await asked_of_table(_none_held, call, body) == body  # MiniStack says what is missing
    if not words:
        assert await asked_of_table(_held, call, body) == body
        return
    with pytest.raises(ApiError) as raised:
        await asked_of_table(_held, call, body)
    assert raised.value.message == words


async def test_the_same_policy_keeps_its_revision() -> None:
    body = json.dumps({"ResourceArn": TABLE, "Policy": "{}"}).encode()
    call = Call("dynamodb", "PutResourcePolicy", "json", "eu-west-1")
    answer = await asked_of_table(_held, call, body)
    assert isinstance(answer, Answer)
    assert json.loads(answer.body) == {"RevisionId": "7"}


@pytest.mark.parametrize(
    ("statement", "sent"),
    [
        ("select * from a.b", 'select * from "a"."b"'),
        ("""SELECT "from x.y" FROM a.b WHERE c = ' FROM d.e'""",
         """SELECT "from x.y" FROM "a"."b" WHERE c = ' FROM d.e'"""),
        ('SELECT * FROM "a"."b"', 'SELECT * FROM "a"."b"'),
        ("SELECT * FROM a WHERE c = ' FROM d.e '", "SELECT * FROM a WHERE c = ' FROM d.e '"),
        ("INSERT INTO a VALUE {'b': ' FROM c.d '}", "INSERT INTO a VALUE {'b': ' FROM c.d '}"),
    ],
)  # fmt: skip
async def test_an_index_in_partiql_needs_no_quotes(statement: str, sent: str) -> None:
    body = json.dumps({"Statement": statement}).encode()
    call = Call("dynamodb", "ExecuteStatement", "json", "eu-west-1")
    answer = await asked_of_table(_held, call, body)
    assert isinstance(answer, bytes)
    assert json.loads(answer) == {"Statement": sent}
