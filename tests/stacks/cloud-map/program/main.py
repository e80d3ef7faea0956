"""A page with a name of its own, and what the other program's page says."""

import os
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.request import urlopen

[OTHER] = {os.environ["OTHER_HOST"], *sys.argv[1:]}  # both are the same name


class Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        said = urlopen(f"http://{OTHER}:8000/", timeout=5).read() if OTHER else b""
        self.send_response(200)
        self.end_headers()
        self.wfile.write(f"{os.environ['NAME']} {os.getpid()} ".encode() + said)


HTTPServer(("0.0.0.0", 8000), Page).serve_forever()
