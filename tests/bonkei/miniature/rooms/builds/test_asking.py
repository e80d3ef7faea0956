"""A build's own tools ask the AWS endpoint with the build's role."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from ports import free_port

from bonkei.aws_service import AwsServiceError
from bonkei.miniature.rooms.builds.asking import asking

ROLE = {"AccessKeyId": "ASIAROLE", "SecretAccessKey": "secret", "Token": "token"}


class Account(BaseHTTPRequestHandler):
    """Has the build's credentials, echoes a call, and refuses one of another service."""

    fetched = 0

    def do_GET(self) -> None:
        Account.fetched += 1
        found = ROLE if self.headers["Authorization"] == "for the build" else {}
        self._answer(200, found)

    def do_POST(self) -> None:
        given = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.headers["X-Amz-Target"] == "Other.Call":
            code = "com.amazonaws#AccessDeniedException"
            self._answer(400, {"__type": code, "message": "not yours"})
        elif self.headers["X-Amz-Target"] == "None.Call":
            self.close_connection = True
        else:
            self._answer(200, {"given": given, "head": dict(self.headers)})

    def _answer(self, status: int, content: dict[str, Any]) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{free_port()}")
    with ThreadingHTTPServer(("127.0.0.1", 0), Account) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        Account.fetched = 0
        yield {
            "AWS_ENDPOINT_URL": url,
            "AWS_REGION": "eu-west-1",
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{url}/credentials",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN": "for the build",
        }
        server.shutdown()


def test_a_call_is_signed_by_the_role_and_goes_past_proxies(environment: dict[str, str]) -> None:
    ask = asking(environment)
    answer = ask("ssm", "AmazonSSM.GetParameters", {"Names": ["/tag"]})
    assert answer["given"] == {"Names": ["/tag"]}
    head = {name.lower(): value for name, value in answer["head"].items()}
    assert head["x-amz-target"] == "AmazonSSM.GetParameters"
    assert head["x-amz-security-token"] == "token"
    day = head["x-amz-date"].partition("T")[0]
    assert f"Credential=ASIAROLE/{day}/eu-west-1/ssm/aws4_request" in head["authorization"]
    assert ask("ecs", "Ecs.DescribeServices", {})["given"] == {}
    assert Account.fetched == 1, "the credentials are fetched once"


def test_a_refusal_has_the_services_code(environment: dict[str, str]) -> None:
    with pytest.raises(AwsServiceError, match="not yours") as refused:
        asking(environment)("ecs", "Other.Call", {})
    assert (refused.value.code, refused.value.status) == ("AccessDeniedException", 400)


@pytest.mark.parametrize("silent", ["AWS_ENDPOINT_URL", "AWS_CONTAINER_CREDENTIALS_FULL_URI"])
def test_nobody_answers(environment: dict[str, str], silent: str) -> None:
    environment[silent] = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(AwsServiceError) as unanswered:
        asking(environment)("ecs", "Ecs.DescribeServices", {})
    assert unanswered.value.status == 503


def test_a_connection_without_an_answer_is_none(environment: dict[str, str]) -> None:
    with pytest.raises(AwsServiceError, match="no answer: RemoteDisconnected"):
        asking(environment)("ecs", "None.Call", {})


def test_a_plan_in_a_build_loads_no_client_for_many_calls_at_once() -> None:
    """It would take longer than the calls do, in each plan."""
    code = (
        "import sys, bonkei.miniature.rooms.builds.asking\n"
        "print({'aiohttp', 'asyncio', 'botocore'} & {*sys.modules})"
    )
    command = [sys.executable, "-c", code]
    outcome = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (outcome.stdout, outcome.stderr) == ("set()\n", "")
