"""A small program: every path but the check's answers with the version.

/visit is recorded in the database, and /visits has the number of rows and of columns there.
"""

import os
import signal
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from database import execute

VERSION = Path("version.txt").read_text().strip()
CHECK_STATUS = 200
STATUS = 200
VISIT = "INSERT INTO visits DEFAULT VALUES"
COUNT = """SELECT (SELECT count(*) FROM visits),
  (SELECT count(*) FROM information_schema.columns WHERE table_name = 'visits')"""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        body = VERSION.encode()
        if self.path == "/visit":
            execute(VISIT)
        if self.path == "/visits":
            body = " ".join(str(each) for each in execute(COUNT)[0]).encode()
        self.send_response(CHECK_STATUS if self.path == "/healthcheck" else STATUS)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    request_queue_size = 128  # who stood still has many visitors at once


signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
address = (os.environ.get("HOST", "0.0.0.0"), int(os.environ.get("PORT", "8080")))
Server(address, Handler).serve_forever()
