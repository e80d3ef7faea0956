"""hashicorp/null, template, time, local, external and http: the values and effects of their
types.
"""

from __future__ import annotations

import hashlib
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from bonkei.base.link_local import require_other
from bonkei.definitions.provider.behaviour import Context, Refused
from bonkei.definitions.provider.schema import empty
from bonkei.definitions.provider.small import external, http, local, null, template, time

LOCAL, TIME = local.provider(), time.provider()
NOW = Context(now="2025-01-31T09:00:00Z")


def test_null_returns_its_inputs() -> None:
    (source,) = null.provider().data_sources.values()
    found = source.read({"inputs": {"a": "1"}}, Context())
    assert found["outputs"] == {"a": "1"}
    (resource,) = null.provider().resources.values()
    assert resource.mint({}, Context()) != resource.mint({}, Context())


@pytest.mark.parametrize(
    ("text", "rendered"),
    [
        ('{"image": "${image}", "tag": "${ tag }"}', '{"image": "web", "tag": "1"}'),
        ("$${image} %%{ if } $5 ${tag}$", "${image} %{ if } $5 1$"),
        ("a \n ${~ image ~} \n b", "awebb"),
    ],
)
def test_a_template_with_names_is_rendered(text: str, rendered: str) -> None:
    assert template.render(text, {"image": "web", "tag": "1", "unused": "x"}) == rendered


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('a\n${upper(image)}"', 'line 2 of the template: "${upper(image)}"'),
        ("%{ if image }x%{ endif }", "templatefile()"),
        (
            "a\nb ${missing}",
            'line 2 of the template: there is no "missing" in vars; there is image',
        ),
    ],
)
def test_a_template_with_expressions_is_refused_with_its_line(text: str, said: str) -> None:
    with pytest.raises(Refused) as raised:
        template.render(text, {"image": "web"})
    assert said in raised.value.problem.detail


def test_a_time_stays_and_an_offset_changes_it() -> None:
    found = TIME.resources["time_static"].mint({"rfc3339": None}, NOW)
    assert (found["rfc3339"], found["day"], found["unix"]) == (NOW.now, 31, 1738314000)
    offset = {"base_rfc3339": "2024-01-31T10:00:00+01:00", "offset_months": 1, "offset_hours": 2}
    moved = TIME.resources["time_offset"].mint(offset, NOW)
    assert moved["rfc3339"] == "2024-03-02T11:00:00Z"  # 31 February overflows into March


def test_an_invalid_time_is_refused() -> None:
    with pytest.raises(Refused, match="Invalid time"):
        TIME.resources["time_static"].mint({"rfc3339": "tomorrow"}, NOW)


def written(target: Path, **arguments: Any) -> dict[str, Any]:
    """The values of a local_file after the apply."""
    block = LOCAL.schema.resources["local_file"]
    behaviour = LOCAL.resources["local_file"]
    config = {**empty(block), "filename": str(target), **arguments}
    assert not behaviour.validate(config)
    planned = {**behaviour.argument_defaults, **{k: v for k, v in config.items() if v is not None}}
    state = {**planned, **behaviour.mint(planned, Context())}
    behaviour.after_apply(config, state, Context())
    return state


def test_a_file_is_written_read_and_removed(tmp_path: Path) -> None:
    target = tmp_path / "made" / "a.txt"
    state = written(target, content="text", file_permission="0640")
    assert (target.read_text(), target.stat().st_mode & 0o777) == ("text", 0o640)
    assert state["id"] == hashlib.sha1(b"text", usedforsecurity=False).hexdigest()
    read = LOCAL.data_sources["local_file"].read({"filename": str(target)}, Context())
    assert (read["content"], read["id"]) == ("text", state["id"])
    LOCAL.resources["local_file"].after_destroy(state, Context())
    assert not target.exists()


def test_a_file_is_not_written_through_a_link(tmp_path: Path) -> None:
    original = tmp_path / "original"
    original.write_text("kept")
    (tmp_path / "link").symlink_to(original)
    written(tmp_path / "link", content_base64="bmV3")
    assert (original.read_text(), (tmp_path / "link").read_text()) == ("kept", "new")


def test_a_file_has_only_one_source_of_content(tmp_path: Path) -> None:
    config = {"filename": "a", "content": "x", "source": "y"}
    (problem,) = LOCAL.resources["local_file"].validate(config)
    assert "exactly one of content, content_base64, source" in problem.detail
    with pytest.raises(Refused, match="cannot be read"):
        written(tmp_path / "a", source=str(tmp_path / "missing"))


def answered(*code: str, **config: Any) -> Any:
    """The values of the data source external for a Python program."""
    source = external.provider().data_sources["external"]
    return source.read({"program": [sys.executable, "-c", *code], **config}, Context())


def test_a_program_answers_a_query(tmp_path: Path) -> None:
    code = "import json, os, sys; print(json.dumps({**json.load(sys.stdin), 'in': os.getcwd()}))"
    found = answered(code, query={"a": "1"}, working_dir=str(tmp_path))
    assert found["result"] == {"a": "1", "in": str(tmp_path)}


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("raise SystemExit('no key')", "ended with 1. no key"),
        ("print('x')", "does not answer in JSON"),
        ("print('{\"a\": 1}')", "JSON object of strings"),
    ],
)
def test_a_failed_program_is_reported_with_its_output(code: str, said: str) -> None:
    with pytest.raises(Refused) as raised:
        answered(code)
    assert said in raised.value.problem.detail


class Echo(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(418)
        self.send_header("X-Kind", self.headers["X-Kind"])
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@pytest.fixture
def address() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Echo) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,)).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def test_a_url_is_requested_and_its_status_is_not_an_error(address: str) -> None:
    source = http.provider().data_sources["http"]
    config = {"url": address, "method": "POST", "request_body": "tea"}
    found = source.read({**config, "request_headers": {"X-Kind": "green"}}, Context())
    assert (found["status_code"], found["response_body"]) == (418, "tea")
    assert found["response_headers"]["X-Kind"] == "green"
    with pytest.raises(Refused, match="No answer"):
        source.read({"url": "http://127.0.0.1:1/"}, Context())


@pytest.mark.parametrize("is_redirected", [False, True])
def test_no_request_reaches_this_machines_metadata(
    monkeypatch: pytest.MonkeyPatch, is_redirected: bool
) -> None:
    """A name may lead there, and a redirect: the address counts that the connection has. Here
    another loopback address stands for that of the metadata."""
    asked: list[str] = []

    class Metadata(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.server.server_address[0])
            self.send_response(302)
            self.send_header("Location", f"http://127.0.0.2:{port}/latest/meta-data/")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    def refused(address: str) -> None:
        require_other("169.254.169.254" if address == "127.0.0.2" else address)

    monkeypatch.setattr(http, "require_other", refused)
    with HTTPServer(("0.0.0.0", 0), Metadata) as server:
        port = server.server_port
        threading.Thread(target=server.serve_forever, args=(0.02,)).start()
        host = "127.0.0.1" if is_redirected else "127.0.0.2"
        source = http.provider().data_sources["http"]
        with pytest.raises(Refused, match="No answer") as raised:
            source.read({"url": f"http://{host}:{port}/"}, Context())
        server.shutdown()
    assert "metadata" in raised.value.problem.detail
    assert len(asked) == is_redirected


def test_an_invalid_url_is_refused() -> None:
    validate = http.provider().data_sources["http"].validate
    (problem,) = validate({"url": "file:///etc/passwd"})
    assert "neither http://" in problem.detail
    assert [p.path for p in validate({"url": "https://a", "insecure": True})] == [("insecure",)]
