"""Another team's program: it answers with its environment, and late on request."""

import json
import os
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Handler(BaseHTTPRequestHandler):
    """Every path gets the tested variables; `…/after/SECONDS` answers after that time."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if "/after/" in self.path:
            time.sleep(float(self.path.rpartition("/")[2]))
        names = ("GREETING", "QUEUE_URL", "API_KEY")
        body = json.dumps({"path": self.path} | {name: os.environ.get(name) for name in names})
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: object) -> None:
        print(json.dumps({"path": self.path}), flush=True)


if __name__ == "__main__":
    address = (os.environ.get("HOST", "0.0.0.0"), int(os.environ.get("PORT", "9000")))
    ThreadingHTTPServer(address, Handler).serve_forever()
