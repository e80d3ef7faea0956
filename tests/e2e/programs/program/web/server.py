"""A small program: every path but the check's answers with the version."""

import os
import signal
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

VERSION = Path("version.txt").read_text().strip()
CHECK_STATUS = 200
STATUS = 200


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        body = VERSION.encode()
        self.send_response(CHECK_STATUS if self.path == "/healthcheck" else STATUS)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
address = (os.environ.get("HOST", "0.0.0.0"), int(os.environ.get("PORT", "8080")))
ThreadingHTTPServer(address, Handler).serve_forever()
