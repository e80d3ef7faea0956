"""A server in the place of the AWS endpoint and of a build's credentials."""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler
from typing import Any

ROLE = {"AccessKeyId": "ASIAROLE", "SecretAccessKey": "secret", "Token": "token"}

STATE = b'{\n  "version": 4,\n  "serial": 7\n}\n'
OBJECTS = {
    "/states/shop/terraform.tfstate": (200, STATE),
    "/states/encrypted": (200, b'{"encrypted_data": ""}'),
    "/states/refused": (403, b"<Error><Code>AccessDenied</Code></Error>"),
}


class Account(BaseHTTPRequestHandler):
    """Has the build's credentials and objects. Echoes a call, and refuses those of a service."""

    fetched = 0

    def do_GET(self) -> None:
        if self.path != "/credentials":
            self._answer(*OBJECTS.get(self.path, (404, b"<Error><Code>NoSuchKey</Code></Error>")))
            return
        Account.fetched += 1
        found = ROLE if self.headers["Authorization"] == "for the build" else {}
        self._answer(200, json.dumps(found).encode())

    def do_POST(self) -> None:
        given = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.headers["X-Amz-Target"].endswith(".Refused"):
            code = "com.amazonaws#AccessDeniedException"
            self._answer(400, json.dumps({"__type": code, "message": "not yours"}).encode())
        elif self.headers["X-Amz-Target"].endswith(".Silent"):
            self.close_connection = True
        else:
            self._answer(200, json.dumps({"given": given, "head": dict(self.headers)}).encode())

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass
