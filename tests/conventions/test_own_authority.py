"""A proxy that signs with its own authority, which only this machine's store knows.

TLS and the store are real. The store lies in a mount namespace of its own, where root may change
it.
"""

from __future__ import annotations

import http.server
import os
import shutil
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
STORE = Path("/etc/ssl/certs/ca-certificates.crt")
MAKE = """
openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 2 -subj /CN=Company \
  -addext basicConstraints=critical,CA:TRUE
openssl req -newkey rsa:2048 -nodes -keyout key.pem -out request.pem -subj /CN=localhost
printf 'subjectAltName=DNS:localhost\\nextendedKeyUsage=serverAuth' > extensions
openssl x509 -req -in request.pem -CA ca.pem -CAkey ca.key -CAcreateserial -out cert.pem -days 2 \
  -extfile extensions
"""
INSTALL = """
import sys
from scripts import apart
if sys.argv[1] == "without":
    apart.trust = lambda: {}
apart.uv("pip", "install", "--dry-run", "--python", sys.executable, "of-no-index")
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An authority and its certificates."""
    folder = tmp_path_factory.mktemp("authority")
    if os.geteuid() != 0 or not STORE.exists() or not shutil.which("openssl"):
        pytest.skip("only root can change the store, in a namespace, with openssl at hand")
    if subprocess.run(["unshare", "-m", "true"], capture_output=True, check=False).returncode:
        pytest.skip("this machine does not let a process make a namespace")
    subprocess.run(["sh", "-eu", "-c", MAKE], cwd=folder, capture_output=True, check=True)
    (folder / "store").write_bytes(STORE.read_bytes() + (folder / "ca.pem").read_bytes())
    return folder


@pytest.fixture
def index(folder: Path) -> Iterator[tuple[str, list[str]]]:
    """An empty index. Yields its address and the requests."""
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        def log_message(self, *_: object) -> None:
            pass

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        yield f"https://localhost:{server.server_port}/simple", asked
        server.shutdown()
        serving.join()


@pytest.mark.parametrize("how", ["with", "without"])
def test_the_scanners_installer_trusts_the_machines_authorities(
    folder: Path, index: tuple[str, list[str]], tmp_path: Path, how: str
) -> None:
    address, asked = index
    environment = {
        k: v for k, v in os.environ.items() if "CERT" not in k and "proxy" not in k.lower()
    }
    settings = {
        "UV_DEFAULT_INDEX": address,
        "UV_CACHE_DIR": str(tmp_path),
        "UV_HTTP_RETRIES": "0",
        "PYTHONPATH": str(ROOT),
    }
    mount = f'mount --bind {folder}/store {STORE} && exec "$0" "$@"'
    outcome = subprocess.run(
        ["unshare", "-m", "sh", "-c", mount, sys.executable, "-c", INSTALL, how],
        env={**environment, **settings},
        capture_output=True,
        text=True,
        check=False,
    )
    assert outcome.returncode == 1
    if how == "with":
        assert asked == ["/simple/of-no-index/"], outcome.stderr
        assert "was not found in the package registry" in outcome.stderr
    else:  # otherwise the test would pass anywhere
        assert asked == []
        assert "UnknownIssuer" in outcome.stderr
