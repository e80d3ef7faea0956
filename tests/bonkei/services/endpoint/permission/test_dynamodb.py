"""What calls of DynamoDB need: each table that they name, and the keys of the items."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from bonkei.services.endpoint.permission import services
from tests.bonkei.services.endpoint.permission.asked import NAMES, actions


def test_the_keys_of_the_items_that_a_call_touches() -> None:
    """ "Using IAM policy conditions for fine-grained access control" (Amazon DynamoDB)."""
    item, other = {"id": {"S": "ann"}, "v": {"S": "x"}}, {"id": {"S": "bob"}}

    def keys(operation: str, **given: Any) -> tuple[str, ...] | None:
        [found] = services.required("dynamodb", operation, given, NAMES) or ()
        return found.context.get("dynamodb:leadingkeys")

    assert keys("GetItem", TableName="carts", Key=item) == ("ann",)
    assert keys("PutItem", TableName="carts", Item=item) == ("ann",)
    assert keys("BatchGetItem", RequestItems={"carts": {"Keys": [item, other]}}) == ("ann", "bob")
    writes = [{"PutRequest": {"Item": item}}, {"DeleteRequest": {"Key": other}}]
    assert keys("BatchWriteItem", RequestItems={"carts": writes}) == ("ann", "bob")
    parts = [{"Delete": {"TableName": "carts", "Key": other}}]
    assert keys("TransactWriteItems", TransactItems=parts) == ("bob",)
    query = {"ExpressionAttributeNames": {"#i": "id"},
             "ExpressionAttributeValues": {":i": {"S": "ann"}, ":v": {"S": "x"}}}  # fmt: skip
    assert keys("Query", TableName="carts", KeyConditionExpression="#i = :i", **query) == ("ann",)
    assert keys("Query", TableName="carts", IndexName="by-v",
                KeyConditionExpression="v=:v AND id > :i", **query) == ("x",)  # fmt: skip
    old = {"id": {"AttributeValueList": [{"S": "ann"}], "ComparisonOperator": "EQ"}}
    assert keys("Query", TableName="carts", KeyConditions=old) == ("ann",)
    assert keys("Scan", TableName="carts") is None
    assert keys("GetItem", TableName="elsewhere", Key=item) is None


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
    iterator = base64.urlsafe_b64encode(b'{"arn": "arn:stream", "t": "a", "p": 0}').decode()
    assert actions("dynamodb", "GetRecords", ShardIterator=iterator) == [
        ("dynamodb:GetRecords", "stream")
    ]
    deep = base64.urlsafe_b64encode(b"[" * 100_000).decode()
    for strange in ("x", deep):
        assert actions("dynamodb", "GetRecords", ShardIterator=strange) == [
            ("dynamodb:GetRecords", "table/")
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
        ("SELECT id FROM a WHERE b = 'x from carts'", "PartiQLSelect", "table/a"),
    ],
)
def test_partiql(statement: str, action: str, table: str) -> None:
    assert actions("dynamodb", "ExecuteStatement", Statement=statement) == [
        (f"dynamodb:{action}", table)
    ]


def test_a_quoted_attribute_does_not_hide_the_table() -> None:
    asked = actions("dynamodb", "ExecuteStatement", Statement='SELECT "x from carts" FROM a')
    assert ("dynamodb:PartiQLSelect", "table/a") in asked
