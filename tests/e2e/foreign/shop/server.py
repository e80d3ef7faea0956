"""Another team's program: it answers with its environment, and when a file is there on request."""

import json
import os
import signal
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

asked: list[str] = []


class Handler(BaseHTTPRequestHandler):
    """Every path gets the tested variables; `…/until/FILE` answers as soon as the file is there."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        _, waits, file = self.path.partition("/until/")
        asked.append(file)
        while waits and not Path("/", file).exists():
            time.sleep(0.05)
        names = ("GREETING", "QUEUE_URL", "API_KEY")
        body = json.dumps({"path": self.path} | {name: os.environ.get(name) for name in names})
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: object) -> None:
        print(json.dumps({"path": self.path}), flush=True)


def end(*_: object) -> None:
    print(f"ends, and was asked for {' '.join(filter(None, asked))}", flush=True)
    raise SystemExit


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, end)
    address = (os.environ.get("HOST", "0.0.0.0"), int(os.environ.get("PORT", "9000")))
    ThreadingHTTPServer(address, Handler).serve_forever()
