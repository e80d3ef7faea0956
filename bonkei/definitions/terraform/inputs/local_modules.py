"""A registry of modules on this machine, for an init where the public one cannot be reached.

It has the folders that the settings name, and sends Terraform on to the public one for others.
Source: "Module Registry Protocol", developer.hashicorp.com/terraform/internals
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from bonkei.base.folders import below, text_of

_VERSION = re.compile(r'^\s*version\s*=\s*"([^"]+)"', re.MULTILINE)
_NUMBER = re.compile(r"\d+(?:\.\d+){0,2}")
_OLDEST = (0, 0, 1)


@contextmanager
def serving(modules: Mapping[str, Path], definitions: Path, upstream: str) -> Iterator[str]:
    """Its URL, while it answers. `modules`: the folders by NAMESPACE/NAME/PROVIDER. `upstream`: the
    URL of the registry that has the others."""
    elsewhere = upstream.rstrip("/")
    offered = _versions((definitions, *modules.values()))

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            *name, asked = self.path.strip("/").split("/")
            folder = modules.get("/".join(name[:3]))
            if folder is None:
                self._answer(HTTPStatus.TEMPORARY_REDIRECT, ("Location", elsewhere + self.path))
            elif asked == "versions":
                self._answer(HTTPStatus.OK, ("Content-Type", "application/json"), offered)
            else:
                self._answer(HTTPStatus.NO_CONTENT, ("X-Terraform-Get", folder.as_uri()))

        def _answer(
            self, status: HTTPStatus, header: tuple[str, str], content: bytes = b""
        ) -> None:
            self.send_response(status)
            self.send_header(*header)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/"
        finally:
            server.shutdown()


def _versions(folders: Iterable[Path]) -> bytes:
    """A folder has no version, so it has every one that a constraint of these definitions may want:
    each that one names, and the one after it."""
    found = {_OLDEST}
    for folder in folders:
        for file in below(folder, ".tf", ".tofu"):
            for constraint in _VERSION.findall(text_of(file) or ""):
                for number in _NUMBER.findall(constraint):
                    major, minor, patch = (*map(int, number.split(".")), 0, 0)[:3]
                    found |= {(major, minor, patch), (major, minor, patch + 1)}
    versions = [{"version": ".".join(map(str, each))} for each in sorted(found)]
    return json.dumps({"modules": [{"versions": versions}]}).encode()
