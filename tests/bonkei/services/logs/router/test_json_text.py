"""JSON lines as Fluent Bit reads them. Each outcome is that of its own reader, yyjson 0.12 with the
flags of Fluent Bit 5.0.9 (`pack_json_to_msgpack_yyjson`).
"""

from __future__ import annotations

import json
from typing import Any

import msgpack
import pytest

from bonkei.services.logs.router.parsing import parse_json

RECORDS: tuple[tuple[str, dict[str, Any]], ...] = (
    # Half of a pair is one U+FFFD, together with the escape that should have been the other half.
    (r'{"x":"cut \ud83d"}', {"x": "cut \ufffd"}),
    (r'{"x":"\ude00\ud83d\ude00"}', {"x": "\ufffd😀"}),
    (r'{"x":"\ud83d\u0041B"}', {"x": "\ufffdB"}),
    (r'{"x":"\ud83d\u1B"}', {"x": "\ufffd"}),
    (r'{"x":"\\ud83d"}', {"x": "\\ud83d"}),
    (r'{"\ud83d":1}', {"\ufffd": 1}),
    # An escape without four digits is a text, and takes what follows it.
    (r'{"x":"\u12GH"}', {"x": "\\u12H"}),
    (r'{"x":"\u12"}', {"x": "\\u12"}),
    (r'{"x":"\u12é"}', {"x": "\\u12\ufffd"}),
    ('{"x":"a\tb\x01"}', {"x": "a\tb\x01"}),
    (r'{"x":"\u0000"}', {"x": "\0"}),
    # What follows the object is ignored, unless it is another value.
    ('{"a":1} trailing', {"a": 1}),
    ('{"a":1}]', {"a": 1}),
    ('{"a":1}"b', {"a": 1}),
    ('{"a":1} 01', {"a": 1}),
    ('{"a":1} 1.', {"a": 1}),
    ('{"a":1} NaN', {"a": 1}),
    ('{"a":1} 1e400', {"a": 1}),
    (' \t{"a":1}\r\n', {"a": 1}),
    # Numbers.
    ('{"a":18446744073709551615}', {"a": 18446744073709551615}),
    ('{"a":18446744073709551616}', {"a": 1.844674407370955e19}),
    ('{"a":-9223372036854775809}', {"a": -9.223372036854775808e18}),
    ('{"a":0.30000000000000004}', {"a": 0.3}),
    ('{"a":123456789012345678.0}', {"a": 123456789012345678.0}),
    ('{"a":' + "[" * 30 + "]" * 30 + "}", {"a": json.loads("[" * 30 + "]" * 30)}),
)
TEXTS = (
    '{"a":1} {"b":2}',
    '{"a":1} 2',
    '{"a":1} 1.5.3',
    '{"a":1} truex',
    '{"a":NaN}',
    '{"a":-Infinity}',
    '{"a":1e400}',
    '{"a":' + "9" * 400 + "}",
    '{"a":' + "9" * 5000 + "}",
    '{"a":' + "[" * 31 + "]" * 31 + "}",
    '{"a":' * 100_000 + "1" + "}" * 100_000,
    r'{"a":"\q"}',
    '{"a":01}',
    '\ufeff{"a":1}',
    "[1]",
)


@pytest.mark.parametrize(("text", "record"), RECORDS)
def test_a_record(text: str, record: dict[str, Any]) -> None:
    found = parse_json(text)
    assert found == record
    assert msgpack.unpackb(msgpack.packb(found)) == record  # a chunk can hold it


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_that_is_not_a_record(text: str) -> None:
    assert parse_json(text) is None
