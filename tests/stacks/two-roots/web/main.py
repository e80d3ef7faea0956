"""A page, on a port that is fixed here."""

import os
from http.server import BaseHTTPRequestHandler, HTTPServer


class Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(f"hello {os.getpid()}".encode())


HTTPServer(("0.0.0.0", 8000), Page).serve_forever()
