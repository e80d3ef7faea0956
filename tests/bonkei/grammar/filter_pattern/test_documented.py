"""AWS's own examples.

"Filter pattern syntax for metric filters, subscription filters, filter log events, and Live Tail",
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
"""

from __future__ import annotations

import json

import pytest

from bonkei.grammar.filter_pattern import parse

ERRORS = (
    "[ERROR 400] BAD REQUEST",
    "[ERROR 401] UNAUTHORIZED REQUEST",
    "[ERROR 419] MISSING ARGUMENTS",
    "[ERROR 420] INVALID ARGUMENTS",
)


@pytest.mark.parametrize(
    ("pattern", "numbers"),
    [
        ("ERROR", "400 401 419 420"),
        ("ERROR ARGUMENTS", "419 420"),
        ("?ERROR ?ARGUMENTS", "400 401 419 420"),
        ("ERROR -ARGUMENTS", "400 401"),
        ('" "', "400 401 419 420"),
        ("", "400 401 419 420"),
    ],
)
def test_terms_of_the_page(pattern: str, numbers: str) -> None:
    found = [message[7:10] for message in ERRORS if parse(pattern).matches(message)]

    assert found == numbers.split()


def test_an_exact_phrase() -> None:
    pattern = parse('"INTERNAL SERVER ERROR"')

    assert pattern.matches("[ERROR 500] INTERNAL SERVER ERROR")
    assert not pattern.matches("[ERROR 500] INTERNAL ERROR SERVER")


def test_optional_terms_beside_others_are_ignored() -> None:
    # "If you combine the question mark with other filter patterns … it is ignored"
    pattern = parse("?ERROR ?ARGUMENTS REQUEST")

    assert pattern.matches("[INFO] REQUEST FAILED")
    assert not pattern.matches("[ERROR 419] MISSING ARGUMENTS")


@pytest.mark.parametrize(
    ("pattern", "messages"),
    [
        ("%AUTHORIZED%", ["[ERROR 401] UNAUTHORIZED REQUEST", "[SUCCESS 200] AUTHORIZED REQUEST"]),
        ("%[hc]at%", ["hat", "cat"]),
        ("%^[hc]at%", ["hat on", "cat off"]),
        ("%[hc]at$%", ["a hat", "a cat"]),
        ("%colou?r%", ["color", "colour"]),
        ("%gray|grey%", ["gray", "grey"]),
        (r"%10\.10\.0\.1%", ["from 10.10.0.1"]),
        (r"%\d{2,3}%", ["at 42", "at 123"]),
    ],
)
def test_regular_expressions_of_the_page(pattern: str, messages: list[str]) -> None:
    assert all(parse(pattern).matches(message) for message in messages)
    assert not parse(pattern).matches("at 1x1y0z1")


TRAIL = json.dumps(
    {
        "eventType": "UpdateTrail",
        "sourceIPAddress": "111.111.111.111",
        "arrayKey": ["value", "another value"],
        "objectList": [{"name": "a", "id": 1}, {"name": "b", "id": 2}],
        "SomeObject": None,
    }
)


@pytest.mark.parametrize(
    "pattern",
    [
        '{ $.eventType = "UpdateTrail" }',
        "{ $.sourceIPAddress != 123.123.* }",
        '{ $.arrayKey[0] = "value" }',
        "{ $.objectList[1].id = 2 }",
        "{ $.SomeObject IS NULL }",
        "{ $.SomeOtherObject NOT EXISTS }",
        '{ $.eventType = "*" && $.sourceIPAddress != 123.123.* }',
        r"{ $.eventType = %Trail% }",
        r"{ $.sourceIPAddress = %111\.111\.111\.1[0-9]{1,2}% }",
        '{ $.arrayKey[*] = "another value" }',
        "{ $.objectList[*].id = 2 }",
        "{ $.eventType EXISTS }",
    ],
)
def test_json_patterns_of_the_page_match(pattern: str) -> None:
    assert parse(pattern).matches(TRAIL)


@pytest.mark.parametrize(
    "pattern",
    [
        '{ $.eventType = "updatetrail" }',
        "{ $.sourceIPAddress != 111.111.* }",
        '{ $.arrayKey = "value" }',  # "points to an array": it does not match
        "{ $.SomeOtherObject IS NULL }",
        "{ $.SomeObject NOT EXISTS }",
        '{ $.SomeOtherObject != "x" }',
        "{ $.objectList[*].id = 3 }",
        "{ $.SomeOtherObject EXISTS }",
    ],
)
def test_json_patterns_that_do_not_match(pattern: str) -> None:
    assert not parse(pattern).matches(TRAIL)


NUMBERS = json.dumps(
    {
        "bandwidth": 76,
        "latency": 49.5,
        "refreshRate": 60,
        "responseTime": 5,
        "errorCode": 400,
        "number": [0.001, 7],
        "ready": True,
        "late": False,
    }
)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("{ $.bandwidth > 75 }", True),
        ("{ $.bandwidth > 76 }", False),
        ("{ $.latency < 50 }", True),
        ("{ $.refreshRate >= 60 }", True),
        ("{ $.responseTime <= 5 }", True),
        ("{ $.errorCode = 400}", True),
        ("{ $.errorCode != 500 }", True),
        ("{ $.errorCode = 4* }", True),
        ("{ $.number[0] = 1e-3 }", True),
        ("{ $.number[0] != 1e+3 }", True),
        ("{ $.latency = * }", True),
        ("{ $.ready IS TRUE }", True),
        ("{ $.late IS FALSE }", True),
        ("{ $.late IS TRUE }", False),
        ("{ $.number[*] = 7 }", True),
        ("{ $.ready > 0 }", False),  # true is not a number
        ('{ $.errorCode = "400" }', False),  # a text is not one either
    ],
)
def test_numbers_and_truth(pattern: str, expected: bool) -> None:
    assert parse(pattern).matches(NUMBERS) is expected


USERS = json.dumps(
    {
        "user": {"id": 1, "email": "John.Stiles@example.com"},
        "users": [
            {"id": 2, "email": "John.Doe@example.com"},
            {"id": 3, "email": "Jane.Doe@example.com"},
        ],
        "actions": ["GET", "PUT", "DELETE"],
        "coordinates": [[0, 1, 2], [4, 5, 6], [7, 8, 9]],
    }
)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ('{ ($.user.id = 1) && ($.users[0].email = "John.Doe@example.com") }', True),
        (
            (
                '{ $.user.email = "John.Stiles@example.com" || $.coordinates[0][1] = "nonmatch"'
                ' && $.actions[2] = "nonmatch" }'
            ),
            True,
        ),
        (
            (
                '{ ($.user.email = "John.Stiles@example.com" || $.coordinates[0][1] = "nonmatch")'
                ' && $.actions[2] = "nonmatch" }'
            ),
            False,
        ),
        (
            '{ ($.user.id = 2 && $.users[0].email = "nonmatch") || $.actions[2] = "GET" }',
            False,
        ),
        ("{ $.coordinates[1][2] = 6 }", True),
    ],
)
def test_compound_expressions_of_the_page(pattern: str, expected: bool) -> None:
    assert parse(pattern).matches(USERS) is expected


APACHE = '127.0.0.1 Prod frank [10/Oct/2000:13:25:15 -0700] "GET /index.html HTTP/1.0" 404 1534'


@pytest.mark.parametrize(
    "pattern",
    [
        "[ip, user, username, timestamp, request =*.html*, status_code = 4*, bytes]",
        "[..., request =*.html*, status_code = 4*, bytes]",
        (
            "[ip, user, username, timestamp, request =*.html*,"
            " status_code = 404 || status_code = 410, bytes]"
        ),
        "[ip, server, username, timestamp, request, status_code, bytes > 1000]",
        (
            r"[ip=%127\.0\.0\.[1-9]%, user, username, timestamp, request =*.html*,"
            " status_code = 4*, bytes]"
        ),
        "[ip, ..., bytes > 1000]",
    ],
)
def test_space_delimited_patterns_of_the_page(pattern: str) -> None:
    assert parse(pattern).matches(APACHE)
    assert not parse(pattern).matches("127.0.0.1 x")


def test_extracted_fields_of_the_page() -> None:
    pattern = parse("[ip, user, username, timestamp, request =*.html*, status_code = 4*, bytes]")
    match = pattern.find(APACHE)

    assert match is not None
    assert pattern.extract(match) == {
        "$bytes": "1534",
        "$status_code": "404",
        "$request": "GET /index.html HTTP/1.0",
        "$timestamp": "10/Oct/2000:13:25:15 -0700",
        "$username": "frank",
        "$user": "Prod",
        "$ip": "127.0.0.1",
    }


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("[w1=ERROR, w2]", "ERROR"),
        ("[w1=ERROR || W1=WARNING, w2]", "ERROR WARNING"),
        ("[w1!=ERROR && w1!=WARNING, w2]", "INFO"),
    ],
)
def test_words_in_order(pattern: str, expected: str) -> None:
    words = [
        w for w in ("ERROR", "WARNING", "INFO") if parse(pattern).matches(f"{w} and more of it")
    ]

    assert " ".join(words) == expected


def test_the_value_of_a_metric() -> None:
    match = parse("{ $.latency = * }").find('{"latency": 50, "requestType": "GET"}')

    assert match is not None
    assert match.value("$.latency") == 50
    assert match.value("$.requestType") == "GET"
    assert match.value("$.nothing") is None
