"""An endpoint of AWS that gives the answers it is told, for programs that call AWS by HTTP."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import MappingProxyType
from typing import Any


class Endpoint(ThreadingHTTPServer):
    """AWS's JSON protocol. `answers`: by operation; any other is refused."""

    answers: Mapping[str, Any] = MappingProxyType({})

    @property
    def variables(self) -> Mapping[str, str]:
        """What makes a client call it."""
        return {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.server_port}",
            "AWS_DEFAULT_REGION": "ap-northeast-1",
            "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "example",
        }


class _Request(BaseHTTPRequestHandler):
    server: Endpoint

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        operation = self.headers["X-Amz-Target"].rpartition(".")[2]
        answer = self.server.answers.get(operation)
        refusal = {"__type": "AccessDeniedException", "message": f"not {operation}"}
        body = json.dumps(refusal if answer is None else answer).encode()
        self.send_response(400 if answer is None else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def running_endpoint() -> Iterator[Endpoint]:
    with Endpoint(("127.0.0.1", 0), _Request) as endpoint:
        thread = threading.Thread(target=endpoint.serve_forever, args=(0.02,))
        thread.start()
        yield endpoint
        endpoint.shutdown()
        thread.join()
