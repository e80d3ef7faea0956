"""`python -m bonkei.testing [bonkei.toml]`: the fixture for tests in other languages.

It starts a miniature, writes one line of JSON, and answers HTTP until its standard input ends, as
it does with the program that started it. The addresses have a token, so no page of a browser can
call them.
"""

from __future__ import annotations

import json
import secrets
import signal
import sys
import tempfile
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock, Thread

from bonkei import config
from bonkei.base.errors import BonkeiError
from bonkei.testing.system import System, started


def serve(system: System) -> None:
    """Say where everything is, and answer until the input ends."""
    token = secrets.token_urlsafe()
    actions = {f"/{token}/reset": system.reset, f"/{token}/keep": system.keep}
    with ThreadingHTTPServer(("127.0.0.1", 0), _handler(actions)) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        own = f"http://127.0.0.1:{server.server_address[1]}/{token}"
        said = {
            "url": next(iter(system.urls.values()), None),
            "urls": dict(system.urls),
            "databases": dict(system.databases),
            "environment": system.environment(),
            "reset": f"{own}/reset",
            "keep": f"{own}/keep",
        }
        print(json.dumps(said), flush=True)
        sys.stdin.buffer.read()
        server.shutdown()


def _handler(actions: Mapping[str, Callable[[], None]]) -> type[BaseHTTPRequestHandler]:
    alone = Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, text = 204, ""
            try:
                if act := actions.get(self.path):
                    with alone:
                        act()
                else:
                    status, text = 404, "no such address\n"
            except Exception as error:  # a database that is locked, a miniature that has stopped
                remedy = f"\n  {error.remedy}" if isinstance(error, BonkeiError) else ""
                status, text = 500, f"error: {error}{remedy}\n"
            self.send_response(status)
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
            pass

    return Handler


def main() -> None:
    """One miniature, until the input ends or a signal comes."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        file = Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else config.find(Path.cwd())
        with tempfile.TemporaryDirectory() as folder, started(Path(file), Path(folder)) as system:
            serve(system)
    except KeyboardInterrupt:
        sys.exit(130)
    except BonkeiError as error:
        sys.exit(f"error: {error}\n  {error.remedy}")


if __name__ == "__main__":
    main()
