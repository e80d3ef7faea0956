"""SNS's decisions, compared with its documentation: filter policies, retries, documents."""

from __future__ import annotations

import json
import math
from itertools import islice
from typing import Any

import pytest

from bonkei.grammar.delivery_policy import delays
from bonkei.grammar.delivery_policy import problem as delivery_problem
from bonkei.grammar.filter_policy import problem, wants, wants_body
from bonkei.services.sns.message import Message, envelope, lambda_event

TOPIC = "arn:aws:sns:eu-west-1:123456789012:news"


# Recorded on AWS, in LocalStack's tests.
@pytest.mark.parametrize(
    ("policy", "said", "column"),
    [
        ('{"key":[]}', "Empty arrays are not allowed", 10),
        ('{"key":[["value"]]}', "Match value must be String, number, true, false, or null", 10),
        ('{"key":[{"wrong-operator":true}]}', "Unrecognized match type wrong-operator", 31),
        ('{"key":[{"suffix":"value","prefix":"value2"}]}',
         "Only one key allowed in match expression", 37),
        ('{"key":[{"suffix":null}]}', "suffix match pattern must be a string", 23),
        ('{"key":[{"suffix":["test","test2"]}]}', "suffix match pattern must be a string", 20),
        ('{"key":[{"exists":"no"}]}', "exists match pattern must be either true or false.", 20),
        ('{"key":[{"anything-but":{"wrong-operator":null}}]}',
         "Unsupported anything-but pattern: wrong-operator", 47),
        ('{"key":[{"numeric":[]}]}', "Invalid member in numeric match: ]", 22),
        ('{"key":[{"numeric":[">="]}]}', "Value of >= must be numeric", 26),
        ('{"key":[{"numeric":[">",20,"test"]}]}', "Bad numeric range operator: test", 34),
        ('{"key":[{"numeric":[">",3,"<",1]}]}', "Bottom must be less than top", 33),
        ('{"key":{"suffix":"value"}}', '"suffix" must be an object or an array', 19),
        ('{"key_a":"value_one"}', '"key_a" must be an object or an array', 11),
        ('{"a":["b",1],"key":["c",{"suffix":100}]}', "suffix match pattern must be a string", 38),
    ],
)  # fmt: skip
def test_a_refusal_names_the_place_in_the_policy(policy: str, said: str, column: int) -> None:
    place = f'\n at [Source: (String)"{policy}"; line: 1, column: {column}]'
    assert problem(json.loads(policy), with_place=True) == f"FilterPolicy: {said}{place}"
    assert problem(json.loads(policy)) == f"FilterPolicy: {said}"


def text(value: str, kind: str = "String") -> dict[str, str]:
    return {"DataType": kind, "StringValue": value}


# The policies of "Message filtering operators" in the Amazon SNS Developer Guide.
@pytest.mark.parametrize(
    ("policy", "attribute", "expected"),
    [
        ({"c": ["rugby"]}, text("rugby"), True),
        ({"c": ["rugby", "tennis"]}, text("tennis"), True),
        ({"c": ["rugby"]}, text("baseball"), False),
        ({"c": [{"anything-but": ["rugby", "tennis"]}]}, text("baseball"), True),
        ({"c": [{"anything-but": ["rugby", "tennis"]}]}, text("rugby"), False),
        ({"c": [{"anything-but": ["rugby"]}]}, text('["rugby", "tennis"]', "String.Array"), True),
        ({"c": [{"anything-but": {"prefix": "order-"}}]}, text("data-entry"), True),
        ({"c": [{"anything-but": {"prefix": "order-"}}]}, text("order-9"), False),
        ({"c": [{"prefix": "bas"}]}, text("baseball"), True),
        ({"c": [{"suffix": "ball"}]}, text("basketball"), True),
        ({"c": [{"equals-ignore-case": "TENNIS"}]}, text("Tennis"), True),
        ({"c": [{"cidr": "10.0.0.0/24"}]}, text("10.0.0.255"), True),
        ({"c": [{"cidr": "10.0.0.0/24"}]}, text("10.1.1.0"), False),
        ({"c": [{"numeric": ["=", 301.5]}]}, text("3.015e2", "Number"), True),
        ({"c": [{"numeric": [">", 0, "<=", 150]}]}, text("150", "Number"), True),
        ({"c": [{"numeric": [">", 0, "<=", 150]}]}, text("151", "Number"), False),
        ({"c": [{"numeric": ["=", 1]}]}, text("1"), False),
        ({"c": [{"exists": True}]}, text(""), True),
        ({"c": [{"exists": False}]}, text(""), False),
        ({"other": [{"exists": False}]}, text("x"), True),
        ({"$or": [{"c": ["a"]}, {"d": ["b"]}]}, text("a"), True),
        ({"$or": [{"c": ["z"]}, {"d": ["b"]}]}, text("a"), False),
        ({"c": ["a"], "d": ["b"]}, text("a"), False),
        ({}, text("a"), True),
    ],
)
def test_message_attributes(
    policy: dict[str, Any], attribute: dict[str, str], expected: bool
) -> None:
    assert problem(policy) == ""
    assert wants(policy, {"c": attribute}) is expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"store": "shop", "event": [{"kind": "sold"}]}, True),
        ({"store": "shop", "event": {"kind": "bought"}}, False),
        ({"event": {"kind": "sold"}}, False),
        ("text", False),
    ],
)
def test_message_body(body: Any, expected: bool) -> None:
    policy = {"store": ["shop"], "event": {"kind": ["sold", None]}}
    assert problem(policy, "MessageBody") == ""
    assert wants_body(policy, json.dumps(body)) is expected


@pytest.mark.parametrize(
    ("values", "said"), [(5, ""), (9, "FilterPolicy: Filter policy is too complex")]
)
def test_nested_values_of_a_body_count_as_often_as_they_are_deep(values: int, said: str) -> None:
    """ "Filter policy constraints": here 3 × 5 × 2 × 5 = 150. Of nested keys, outer ones count."""
    policy = {"a": {"b": {"c": ["x"] * values}}, "d": {"e": ["x"] * 5}}
    assert problem(policy, "MessageBody") == said
    six = {"a": {name: ["x"] for name in "bcdefg"}}
    assert problem(six, "MessageBody") == ""


@pytest.mark.parametrize(
    ("policy", "body", "expected"),
    [
        ({"a": [{"anything-but": {"prefix": "x"}}]}, {"a": 5}, True),
        ({"a": [{"anything-but": {"suffix": ["x", "y"]}}]}, {"a": None}, True),
        ({"a": [{"exists": True}]}, {"a": {"b": 1}}, False),
        ({"a": [1]}, {"a": [[1]]}, True),
        ({"a": {"b": [1], "c": [2]}}, {"a": [{"b": 1}, {"c": 2}]}, False),
        ({"a.b": [1]}, {"a": {"b": 1}}, True),
        ({"a": [{"wildcard": "x*"}]}, {"a": "xy"}, True),
    ],
)
def test_a_body_is_judged_as_an_event_is(policy: dict[str, Any], body: Any, expected: bool) -> None:
    assert problem(policy, "MessageBody") == ""
    assert wants_body(policy, json.dumps(body)) is expected


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        ([], "JSON object"),
        ({"a": "b"}, "object or an array"),
        ({"a": {"b": ["c"]}}, "nested"),
        ({"$or": [{"a": {"b": ["c"]}}, {"d": ["c"]}]}, "nested"),
        ({"a": [{"like": "b"}]}, "Unrecognized match type like"),
        ({"a": [{"exists": "yes"}]}, "true or false"),
        ({"a": [{"numeric": ["~", 1]}]}, "numeric"),
        ({"a": [{"numeric": [">", math.nan]}]}, "Cannot compare number"),
        ({"a": [{"prefix": 1}]}, "prefix match pattern must be a string"),
        ({"a": [{"anything-but": {}}]}, "Anything-But expression name not found"),
        ({"a": [{"anything-but": ["x", 1]}]}, "mixed type is not supported"),
        ({"a": [{"anything-but": {"prefix": ""}}]}, "Null prefix/suffix not allowed"),
        ({"a": []}, "Empty arrays are not allowed"),
        ({name: ["x"] for name in "abcdef"}, "more than 5 keys"),
        ({"a": ["x"] * 13, "b": ["x"] * 12}, "too complex"),
        ({"$or": [{"a": ["x"] * 76}, {"b": ["x"] * 75}]}, "too complex"),
        ({"a": [{"anything-but": {"numeric": "x"}}]}, "numeric"),
    ],
)
def test_invalid_policies(policy: Any, said: str) -> None:
    assert said in problem(policy)


DEEP = "[" * 50_000


@pytest.mark.parametrize(
    ("policy", "attribute"),
    [
        ({"c": [{"numeric": [">", 1]}]}, text("NaN", "Number")),
        ({"c": [{"numeric": [">", 1]}]}, text("sNaN", "Number")),
        ({"c": [{"numeric": [">", math.nan]}]}, text("2", "Number")),
        ({"c": [{"numeric": [">"]}]}, text("2", "Number")),
        ({"c": [{}]}, text("x")),
        ({"c": ["x"]}, text(DEEP, "String.Array")),
    ],
)
def test_what_cannot_be_compared_does_not_match(
    policy: dict[str, Any], attribute: dict[str, str]
) -> None:
    """Publishing would fail, for the other subscribers, too."""
    assert not wants(policy, {"c": attribute})
    assert not wants_body({"c": [{"numeric": [">", 1]}]}, '{"c": NaN}')


def test_a_number_of_400_digits_is_compared() -> None:
    """Only to itself: no double holds it. It must not stop the deliveries to others."""
    number = "1" + "0" * 400
    for policy, expected in (([1], False), ([{"numeric": [">", 1]}], False), ([int(number)], True)):
        assert problem({"c": policy}, "MessageBody") == ""
        assert wants_body({"c": policy}, f'{{"c": {number}}}') is expected
        assert wants({"c": policy}, {"c": text(f"[{number}]", "String.Array")}) is expected
    assert not wants_body(policy, DEEP)
    assert not wants_body(policy, '{"c": ' * 20_000 + "1" + "}" * 20_000)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("numRetries", "3"), ("numRetries", math.inf), ("numRetries", 101), ("numRetries", None),
        ("minDelayTarget", 0), ("maxDelayTarget", 3601), ("backoffFunction", "none"),
    ],
)  # fmt: skip
def test_a_delivery_policy_that_sns_refuses_counts_as_none(name: str, value: Any) -> None:
    assert name in delivery_problem({"healthyRetryPolicy": {name: value}})
    assert list(delays("http", {name: value})) == [20, 20, 20]


def test_the_form_of_a_delivery_policy() -> None:
    assert delivery_problem({"healthyRetryPolicy": {"numRetries": 3, "minDelayTarget": 1}}) == ""
    assert delivery_problem({"throttlePolicy": {"maxReceivesPerSecond": 1}}) == ""
    assert "JSON object" in delivery_problem([])
    assert "JSON object" in delivery_problem({"healthyRetryPolicy": 1})


def test_lambda_and_queues_are_tried_100_015_times() -> None:
    waits = list(delays("lambda"))
    assert len(waits) == 100_015
    assert waits[:5] == [0, 0, 0, 1, 1]
    assert waits[5] == 1
    assert waits[14] == pytest.approx(20)
    assert sum(waits) / 86400 == pytest.approx(23, abs=0.5)  # days


def test_http_is_retried_three_times_without_a_policy() -> None:
    assert list(delays("https")) == [20, 20, 20]
    policy = {"numRetries": 6, "numNoDelayRetries": 1, "numMinDelayRetries": 1,
              "numMaxDelayRetries": 1, "minDelayTarget": 1, "maxDelayTarget": 4,
              "backoffFunction": "exponential"}  # fmt: skip
    assert list(islice(delays("http", policy), 9)) == [0, 1, 1, 2, 4, 4]


def test_the_documents() -> None:
    subscription = f"{TOPIC}:1"
    message = Message(
        "id", TOPIC, "{}", 1335390565.719, "Hi", {"a": text("1", "Number")},
        {"default": "d", "lambda": "l"},
    )  # fmt: skip
    queue = envelope(message, "sqs", subscription)
    assert (queue["Type"], queue["Message"], queue["Subject"]) == ("Notification", "d", "Hi")
    assert queue["Timestamp"] == "2012-04-25T21:49:25.719Z"
    assert queue["MessageAttributes"] == {"a": {"Type": "Number", "Value": "1"}}
    (record,) = json.loads(lambda_event(message, subscription))["Records"]
    assert (record["EventSource"], record["EventSubscriptionArn"]) == ("aws:sns", subscription)
    assert record["Sns"]["Message"] == "l"


def test_the_certificates_name_has_the_form_that_clients_check() -> None:
    found = envelope(Message("1", TOPIC, "hi", 0.0), "sqs", f"{TOPIC}:1")
    host = "https://sns.eu-west-1.amazonaws.com/"
    assert found["SigningCertURL"].startswith(f"{host}SimpleNotificationService-")
    assert found["SigningCertURL"].endswith(".pem")
