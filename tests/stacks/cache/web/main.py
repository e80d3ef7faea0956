"""A page that counts its visits in a cache."""

import os
import socket
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import urlsplit

CACHE = urlsplit(os.environ["REDIS_URL"])


class Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        with socket.create_connection((CACHE.hostname, CACHE.port), timeout=60) as client:
            client.sendall(f"AUTH {CACHE.password}\r\nINCR visits\r\nQUIT\r\n".encode())
            said = client.makefile("rb").read()
        self.wfile.write(f"{CACHE.scheme} {said.split()[1].decode()}".encode())


HTTPServer(("0.0.0.0", 8000), Page).serve_forever()
