"""A token of IAM in place of a password: as botocore makes it, with the task's credentials."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from unittest.mock import patch

import botocore.auth
import botocore.session
import psycopg
import pytest
from backend.settings import DatabaseSettings
from backend.store.sign_in import Credentials, SignIn, token
from pydantic import SecretStr

HOST = "Main.cluster-abc.eu-west-1.rds.amazonaws.com"
FOUND = Credentials("ASIA1", "s3cret/+", "a token/+= of STS", 0.0)
SETTINGS = DatabaseSettings(
    database_host=HOST,
    database_name="status",
    database_username="application iam",
    database_iam_region="eu-west-1",
    database_sslmode="require",
)


def test_a_token_is_that_of_botocore() -> None:
    client = botocore.session.Session().create_client(
        "rds",
        region_name="eu-west-1",
        aws_access_key_id=FOUND.access_key,
        aws_secret_access_key=FOUND.secret_key,
        aws_session_token=FOUND.token,
    )
    now = 1_800_000_000
    moment = datetime.fromtimestamp(now, UTC).replace(tzinfo=None)
    with patch.object(botocore.auth, "get_current_datetime", return_value=moment):
        expected = client.generate_db_auth_token(HOST, 5432, "application iam", "eu-west-1")
    assert sorted(token(SETTINGS, FOUND, now).split("&")) == sorted(
        expected.replace(HOST, HOST.lower()).split("&")
    )


class Endpoint(HTTPServer):
    """ECS's, whose credentials end after `seconds`."""

    seconds = 3600.0
    answered = 0


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Iterator[Endpoint]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            server.answered += 1
            end = datetime.now(UTC) + timedelta(seconds=server.seconds)
            body = {
                "AccessKeyId": f"ASIA{server.answered}",
                "SecretAccessKey": "s",
                "Token": "t",
                "Expiration": f"{end:%Y-%m-%dT%H:%M:%SZ}",
            }
            self.send_response(200 if self.headers["Authorization"] == "Bearer me" else 403)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, *_: object) -> None:
            pass

    server = Endpoint(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    monkeypatch.setenv(
        "AWS_CONTAINER_CREDENTIALS_FULL_URI", f"http://127.0.0.1:{server.server_port}/me"
    )
    monkeypatch.setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", "Bearer me")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(("seconds", "fetched"), [(3600.0, 1), (299.0, 2)])
async def test_credentials_are_fetched_again_before_they_end(
    endpoint: Endpoint, seconds: float, fetched: int
) -> None:
    endpoint.seconds = seconds
    sign_in = SignIn(SETTINGS)
    said = [await sign_in.password() for _ in range(2)]
    assert f"Credential=ASIA{fetched}%2F" in said[-1]
    assert said[0].startswith(f"{HOST.lower()}:5432/?Action=connect&DBUser=application%20iam&")
    assert endpoint.answered == fetched


async def test_without_credentials_the_database_is_unavailable(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", "Bearer another")
    with pytest.raises(psycopg.OperationalError, match="no credentials of the task"):
        await SignIn(SETTINGS).password()
    monkeypatch.delenv("AWS_CONTAINER_CREDENTIALS_FULL_URI")
    with pytest.raises(psycopg.OperationalError, match="no credentials of the task"):
        await SignIn(SETTINGS).password()


async def test_a_password_needs_no_credentials() -> None:
    changed = {"database_iam_region": None, "database_password": SecretStr("pass-word")}
    assert await SignIn(SETTINGS.model_copy(update=changed)).password() == "pass-word"
