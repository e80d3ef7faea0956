"""HashiCorp's downloads for `digests.py`, from a server here: a list of digests and its signature.

The key is the test's own.
"""

from __future__ import annotations

import re
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

_LIST = re.compile(r"/terraform/(?P<v>[\d.]+)/terraform_(?P=v)_SHA256SUMS(?P<sig>\.sig)?")
_KEY = "/.well-known/pgp-key.txt"


class Vendors:
    """`digest`: of Terraform's archive for linux/arm64. `falsified`: the list is not the one that
    was signed. The folder keeps the key, until `close`.
    """

    def __init__(self, folder: Path, digest: str) -> None:
        self._digest = digest
        self._keys = folder / "vendors"
        self._keys.mkdir(mode=0o700)
        self._gpg("--passphrase", "", "--quick-gen-key", "A vendor", "ed25519", "sign", "never")
        self.falsified = False
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

    @property
    def fingerprint(self) -> str:
        listed = self._gpg("--with-colons", "--fingerprint").decode()
        return re.findall(r"(?m)^fpr:+(\w+):", listed)[0]

    def answer(self, path: str) -> bytes | None:
        """What a vendor serves at this path."""
        if path == _KEY:
            return self._gpg("--armor", "--export")
        if found := _LIST.fullmatch(path):
            name = f"terraform_{found['v']}_linux"
            text = f"{'0' * 64}  {name}_amd64.zip\n{self._digest}  {name}_arm64.zip\n".encode()
            if found["sig"]:
                return self._gpg("--detach-sign", given=text)
            return text.replace(b"0" * 64, b"2" * 64) if self.falsified else text
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
