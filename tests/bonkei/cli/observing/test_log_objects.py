"""`bonkei logs --destination s3`: the objects of log buckets, from every writer."""

from __future__ import annotations

import gzip
import json
import threading
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from bonkei.cli.observing.log_objects import LogObjects
from bonkei.cli.program import bonkei
from bonkei.miniature.home import MiniatureError

TASK = "0123456789abcdef0123456789abcdef"
ROUTED = [
    {"date": "2026-01-01T10:00:01.000000Z", "time": "2026-01-01T10:00:01.000Z", "level": "INFO",
     "message": "GET /", "request_id": "r-1", "container_id": TASK},
    {"date": 1767261605.25, "level": "WARNING", "message": "late"},
]  # fmt: skip
BALANCER = (
    'http 2026-01-01T10:00:02.000000Z app/web/1 192.0.2.1:4711 10.0.0.1:80 0.000 0.250 0.000 200 '
    '200 3 21 "GET http://a:80/ HTTP/1.1" "curl" - - arn "Root=1-2-3" "-"'
)  # fmt: skip
CLOUDFRONT = (
    "#Version: 1.0\n#Fields: date time cs-method cs-uri-stem sc-status x-edge-request-id\n"
    "2026-01-01\t10:00:03\tGET\t/a\t404\tcf-id==\n"
)
WAF = {
    "timestamp": 1767261604000,
    "action": "BLOCK",
    "httpRequest": {"httpMethod": "GET", "uri": "/b", "requestId": "1-2-3"},
}
KEYS = {
    "application/app-web/2026/01/01/10/00-AbC.gz": "".join(f"{json.dumps(r)}\n" for r in ROUTED),
    "lb/AWSLogs/1/elasticloadbalancing/eu-west-1/2026/01/01/1_elastic.log.gz": BALANCER,
    "cdn/E1.2026-01-01-10.u.gz": CLOUDFRONT,
    "AWSLogs/1/WAFLogs/eu-west-1/guard/2026/01/01/10/00/1_waflogs.log.gz": json.dumps(WAF),
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "infrastructure").mkdir()
    (tmp_path / "bonkei.toml").write_text("", encoding="utf-8")
    for key, text in KEYS.items():
        put(tmp_path, key, text)
    put(tmp_path, "broken.gz", "")
    (bucket(tmp_path) / "broken.gz").write_bytes(b"no gzip")
    (bucket(tmp_path) / "page.html").write_text("<p>no log</p>")
    return tmp_path


def bucket(root: Path) -> Path:
    return root / ".bonkei" / "cloud" / "s3" / "123456789012" / "logs"


def put(root: Path, key: str, text: str) -> None:
    """As the store does: an object is there as a whole, or not at all."""
    path = bucket(root) / key
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".tmp")
    draft.write_bytes(gzip.compress(text.encode()))
    draft.replace(path)


def run(root: Path, *arguments: str) -> Result:
    command = ["--config", str(root / "bonkei.toml"), "logs", *arguments]
    return CliRunner().invoke(bonkei, command, env={"BONKEI_HOME": None})


def records(root: Path, *arguments: str) -> list[dict[str, Any]]:
    result = run(root, "--destination", "s3", "--json", *arguments)
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_records_of_all_kinds_are_in_order_of_time(root: Path) -> None:
    found = records(root)
    assert [(each["time"], each["log"], each["message"]) for each in found] == [
        ("2026-01-01T10:00:01.000Z", "application/app-web", "GET /"),
        (
            "2026-01-01T10:00:02.000Z",
            "lb/AWSLogs/1/elasticloadbalancing/eu-west-1",
            BALANCER,
        ),
        ("2026-01-01T10:00:03.000Z", "cdn", "GET /a 404"),
        ("2026-01-01T10:00:04.000Z", "AWSLogs/1/WAFLogs/eu-west-1/guard", "BLOCK GET /b"),
        ("2026-01-01T10:00:05.250Z", "application/app-web", "late"),
    ]
    assert found[0]["task"] == TASK


@pytest.mark.parametrize(
    ("arguments", "messages"),
    [
        (("web",), ["GET /", "late"]),
        (("app-web", "--level", "WARNING"), ["late"]),
        (("--request", "1-2-3"), [BALANCER, "BLOCK GET /b"]),
        (("--request", "cf-id=="), ["GET /a 404"]),
        (("--filter", '{ $.level = "INFO" }'), ["GET /"]),
        (("--since", "2026-01-01T10:00:04Z"), ["BLOCK GET /b", "late"]),
        (("-n", "1"), ["late"]),
    ],
    ids=["service", "level", "trace", "edge", "pattern", "since", "last"],
)
def test_options_select_records(
    root: Path, arguments: tuple[str, ...], messages: list[str]
) -> None:
    assert [each["message"] for each in records(root, *arguments)] == messages


def test_raw_prints_the_content_of_the_object(root: Path) -> None:
    result = run(root, "--destination", "s3", "--raw", "-n", "2")
    assert result.stdout.splitlines() == [json.dumps(WAF), json.dumps(ROUTED[1])]


def test_a_service_without_a_log_and_a_group_of_s3_are_refused(root: Path) -> None:
    nobody = run(root, "--destination", "s3", "nobody")
    assert nobody.exit_code == 1
    assert isinstance(nobody.exception, MiniatureError)
    assert "no log of nobody is in a bucket yet" in nobody.exception.message
    assert "time_factor" in nobody.exception.remedy
    assert run(root, "--destination", "s3", "--group", "g").exit_code == 2


def test_new_objects_are_followed(root: Path) -> None:
    objects = LogObjects(root / ".bonkei" / "cloud" / "s3")
    objects.last(lambda _: True, "", None)
    late = threading.Timer(0.1, put, (root, "application/web/2026/01/02/x.gz", json.dumps(WAF)))
    late.start()
    assert next(iter(objects.follow())).message == "BLOCK GET /b"
    late.join()


def test_a_query_reads_columns_and_members_as_fields(root: Path) -> None:
    query = "filter ispresent(`sc-status`) or level = 'WARNING' | fields `cs-uri-stem` as p, level"
    assert records(root, "--query", query) == [{"level": "WARNING"}, {"p": "/a"}]
