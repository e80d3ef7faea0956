"""One line that no JSON writer can take arrives in another form, and never costs another line."""

from __future__ import annotations

import gzip
import json
import random
import socket
import string
from pathlib import Path
from typing import Any

import log_corpus as corpus
import log_routers as routers
import msgpack

from bonkei.services.logs.router.parsing import parse_json

CUT = r'{"level":"ERROR","message":"cut \ud83d"}'
NASTY = (
    CUT,
    r'{"level":"ERROR","\udc00":"\ude00\ud83d\u0041"}',
    r'{"level":"ERROR","message":"\u12 \uZZ \u0000"}',
    '{"level":"ERROR","message":"\t\x01\x7f\u2028\ufffe"}',
    '{"level":"ERROR","value":99999999999999999999999999}',
    '{"level":"ERROR","value":-99999999999999999999999999}',
    '{"level":"ERROR","value":' + "9" * 5000 + "}",
    '{"level":"ERROR","value":1e400}',
    '{"level":"ERROR","value":[NaN,Infinity]}',
    '{"level":"ERROR"} and more',
    '{"level":"ERROR"} {"level":"FATAL"}',
    '{"level":"ERROR","time":"9999-12-31T23:59:59.999Z"}',
    '{"level":"ERROR","time":"0001-01-01T00:00:00.000Z"}',
    '{"level":"ERROR","time":1}',
    '{"level":"ERROR","value":' + "[" * 40 + "]" * 40 + "}",
    '{"level":"ERROR","value":' * 3000 + "1" + "}" * 3000,
    '{"level":"ERROR","level":"INFO"}',
    '{"level":["ERROR"],"type":{"a":1},"log":null,"source":2,"date":3,"":4}',
)


async def delivered(lines: list[str], directory: Path) -> tuple[list[str], dict[str, Any]]:
    """Every line that the destinations have, as text, and the router's counters."""
    async with routers.fake_aws() as aws:
        router = await routers.start(routers.shipped(directory, aws))
        driver = routers.driver(directory)
        for line in lines:
            driver.write("stdout", 1795694400.5, corpus.pieces(line))
        await driver.close()
        assert await router.stop()
        texts = [text for stream in ("FATAL", "ERROR") for text in aws.messages(stream)]
        for body in aws.objects.values():
            texts += gzip.decompress(body).decode("ascii").splitlines()
        return texts, router.engine.metrics()


def strict(text: str) -> Any:
    """Another reader's view of a line: UTF-8, and the numbers that JSON has."""

    def refused(name: str) -> None:
        raise AssertionError(f"{name} is not JSON")

    record = json.loads(text, parse_constant=refused)
    json.dumps(record, ensure_ascii=False).encode("utf-8")
    return record


async def test_a_cut_emoji_among_others_loses_none(tmp_path: Path) -> None:
    lines = [corpus.program("ERROR", f"number {number}") for number in range(200)]
    texts, counted = await delivered([*lines[:100], CUT, *lines[100:]], tmp_path)
    messages = [strict(text)["message"] for text in texts]
    assert sorted(messages) == sorted([*(f"number {n}" for n in range(200)), "cut \ufffd"])
    assert counted["input"]["all"] == {"records": 201, "dropped_records": 0}


async def test_no_nasty_line_costs_another(tmp_path: Path) -> None:
    """Each kind, and a thousand lines that were bent at a place."""
    chance = random.Random(30)  # noqa: S311 - the same lines each time
    bent = [_bent(chance, chance.choice(NASTY[:14])) for _ in range(1000)]
    lines = [each for line in (*NASTY, *bent) for each in (line, corpus.program("FATAL", "well"))]
    texts, counted = await delivered(lines, tmp_path)
    records = [strict(text) for text in texts]
    well = [record for record in records if record.get("message") == "well"]
    assert len(well) == len(lines) // 2
    assert len(records) == len(lines)
    assert counted["input"]["all"]["dropped_records"] == 0
    unread = sorted(record["log"] for record in records if isinstance(record.get("log"), str))
    assert unread == sorted(line for line in lines if parse_json(line) is None)


def _bent(chance: random.Random, line: str) -> str:
    place = chance.randrange(len(line))
    put = chance.choice([*string.printable, r"\ud83d", "NaN", "1e999", "{", '"', "\\", "é"])
    return line[:place] + put.replace("\n", " ") + line[place + chance.randrange(2) :]


async def test_what_msgpack_alone_can_say_arrives_too(tmp_path: Path) -> None:
    """A program with a logger of its own for the forward protocol."""
    moment = msgpack.ExtType(0, bytes(8))
    records: list[Any] = [
        {"level": "ERROR", "value": float("nan")},
        {"level": "ERROR", "value": [float("-inf")]},
        {"level": "ERROR", 7: b"\xff", b"key": moment},
        {
            "level": "ERROR",
            "partial_message": "true",
            "partial_id": 1,
            "partial_last": "true",
            1: 2,
        },
    ]
    async with routers.fake_aws() as aws:
        router = await routers.start(routers.shipped(tmp_path, aws))
        driver = routers.driver(tmp_path)
        packed = [msgpack.packb(["t", moment, record]) for record in records]
        packed.append(b"\x93\xa1t\x01\x81\xa1a" + b"\x91" * 600 + b"\x01")  # too deep for a chunk
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(tmp_path / "s"))
            client.sendall(b"".join(packed))
        driver.write("stdout", 1795694400.5, [(corpus.program("FATAL", "well"), False)])
        await driver.close()
        assert await router.stop()
        found = [strict(text) for text in aws.messages("ERROR")]
        assert [strict(text)["message"] for text in aws.messages("FATAL")] == ["well"]
    assert [record.get("value") for record in found[:2]] == [None, [None]]
    assert {"7": "\ufffd", "key": r"\x00" * 8}.items() <= found[2].items()
    assert len(found) == len(records)
    assert router.engine.metrics()["input"]["all"]["dropped_records"] == 1
    assert any("1 records lost" in text for text in router.said)
