"""The vendors' downloads of set-up.md, from a server here: lists of digests, one of them signed.

The lists have the archives that the miniature serves to builds. The key is the test's own.
"""

from __future__ import annotations

import re
import subprocess
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

_TERRAFORM = re.compile(r"/terraform/(?P<v>[\d.]+)/terraform_(?P=v)_SHA256SUMS(?P<sig>\.sig)?")
_TRIVY = re.compile(
    r"/aquasecurity/trivy/releases/download/v(?P<v>[\d.]+)/trivy_(?P=v)_checksums\.txt"
)
_KEY = "/.well-known/pgp-key.txt"


class Vendors:
    """`digests`: of `terraform` and `trivy`. The folder keeps the key, until `close`."""

    def __init__(self, folder: Path, digests: Mapping[str, str]) -> None:
        self._digests = dict(digests)
        self._keys = folder / "vendors"
        self._keys.mkdir(mode=0o700)
        self._gpg("--passphrase", "", "--quick-gen-key", "A vendor", "ed25519", "sign", "never")
        vendors = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                answer = vendors.answer(self.path)
                self.send_response(404 if answer is None else 200)
                self.end_headers()
                self.wfile.write(answer or b"")

            def log_message(self, *_: Any) -> None:
                """The test's output stays short."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def answer(self, path: str) -> bytes | None:
        """What a vendor serves at this path."""
        if path == _KEY:
            return self._gpg("--armor", "--export")
        if found := _TERRAFORM.fullmatch(path):
            named = f"terraform_{found['v']}_linux"
            text = _list(self._digests["terraform"], f"{named}_amd64.zip", f"{named}_arm64.zip")
            return self._gpg("--detach-sign", given=text) if found["sig"] else text
        if found := _TRIVY.fullmatch(path):
            named = f"trivy_{found['v']}_Linux"
            return _list(self._digests["trivy"], f"{named}-64bit.tar.gz", f"{named}-ARM64.tar.gz")
        return None

    def _gpg(self, *words: str, given: bytes = b"") -> bytes:
        command = ["gpg", "--homedir", str(self._keys), "--batch", "--quiet", *words]
        return subprocess.run(command, input=given, capture_output=True, check=True).stdout

    def close(self) -> None:
        """The agent that gpg has started ends, too."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        stop = ["gpgconf", "--homedir", str(self._keys), "--kill", "all"]
        subprocess.run(stop, capture_output=True, check=False)


def _list(digest: str, other: str, archive: str) -> bytes:
    return f"{'0' * 64}  {other}\n{digest}  {archive}\n".encode()
