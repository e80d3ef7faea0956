"""The built page, on a port that is fixed here, and that is not the container's."""

import os
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path


class Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(f"{os.environ['GREETING']} {Path('dist/page').read_text()}".encode())


HTTPServer(("0.0.0.0", 3000), Page).serve_forever()
