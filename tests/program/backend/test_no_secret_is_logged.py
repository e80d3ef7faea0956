"""No secret, cookie, password or token is in a record, whichever input it arrives through."""

from __future__ import annotations

import json
from uuid import uuid4

import httpx
from backend.settings import ServeSettings

from tests.program.backend.postgresql import ADMINISTRATOR_PASSWORD, PASSWORD, Server
from tests.program.backend.process import environment_of, started, wait_until
from tests.program.marked import MARK, Marks, requests

_METHODS = ("get", "post", "put", "patch", "delete")


def test_no_input_of_the_api_leaks_a_secret(server: Server, settings: ServeSettings) -> None:
    marks, secrets = Marks(), [ADMINISTRATOR_PASSWORD, PASSWORD]
    before = len(server.log.read_text())
    with started("serve", environment_of(settings)) as process:
        process.wait_for("listening")
        with httpx.Client(base_url=f"http://127.0.0.1:{process.port}", timeout=60) as client:
            document = client.get("/api/openapi.json").json()
            sent = 0
            for path, operations in document["paths"].items():
                for method in set(operations) & set(_METHODS):
                    parts = path.split("/")
                    real = "/".join(str(uuid4()) if p.startswith("{") else p for p in parts)
                    for request in requests(marks, method.upper(), f"{client.base_url}{real}"):
                        client.send(request)
                        sent += 1
            assert sent > 100
            body = {"username": "admin", "password": ADMINISTRATOR_PASSWORD}
            answer = client.post("/api/v1/sessions", json=body)
            token = answer.json()["token"]
            secrets.append(token)
            bearer = {"Authorization": f"Bearer {token}"}
            key = marks.new("a password that is refused")
            change = {"current_password": key, "new_password": marks.new("a new password")}
            client.put("/api/v1/administrators/me/password", json=change, headers=bearer)
            client.delete("/api/v1/sessions/current", headers=bearer)
            client.get("/api/v1/the-last-one")
        wait_until(lambda: any(r.get("path") == "/api/v1/the-last-one" for r in process.records))
    written = json.dumps(process.records, ensure_ascii=False) + server.log.read_text()[before:]
    assert marks.found(written) == []
    assert MARK not in written
    assert [secret for secret in secrets if secret in written] == []
