"""Reads of the public status, compared with a minimal ASGI program.

    python -m bench.program [--seconds 3] [--connections 32] [--rounds 3]

`hello` is a raw ASGI application on the same server that answers the same bytes and logs nothing.
The backend is the real process with its sample data, on one PostgreSQL, with access records written
to a file. Needs wrk (Debian: `apt install wrk`).
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from backend.migrate import migrate

from bench.load import (
    Options,
    Result,
    Row,
    read_options,
    table,
    take,
    wait_for,
)
from tests.program.backend.postgresql import (
    PASSWORD,
    USERNAME,
    Server,
    migrate_settings,
    running_server,
)
from tests.support.ports import free_port

_BACKEND = Path(__file__).resolve().parent.parent / "program" / "backend"
_PATH = "/api/v1/status"
_HELLO = """
import sys, uvicorn
body = open(sys.argv[2], "rb").read()
start = {"type": "http.response.start", "status": 200, "headers": [
    (b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]}
async def app(scope, receive, send):
    await send(start)
    await send({"type": "http.response.body", "body": body})
uvicorn.run(app, port=int(sys.argv[1]), loop="uvloop", http="httptools", lifespan="off",
            log_config=None, access_log=False, server_header=False)
"""


@contextlib.contextmanager
def process(command: list[str], port: int, log: Path, **environment: str) -> Iterator[int]:
    """A server that listens on `port`; its process id."""
    with log.open("wb") as output:
        started = subprocess.Popen(
            [sys.executable, *command],
            cwd=_BACKEND,
            env={"PATH": os.environ["PATH"], "PORT": str(port), **environment},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        wait_for(port, 30)
        yield started.pid
    finally:
        started.terminate()
        started.wait(30)


def backend_environment(server: Server, home: Path) -> dict[str, str]:
    """A migrated database with the sample data; the service's environment for it."""
    server.execute("CREATE DATABASE bench")
    migrate(migrate_settings(server, "bench"))
    environment = {
        "DATABASE_HOST": "127.0.0.1",
        "DATABASE_PORT": str(server.port),
        "DATABASE_NAME": "bench",
        "DATABASE_USERNAME": USERNAME,
        "DATABASE_PASSWORD": PASSWORD,
        "DRAIN_QUIET_SECONDS": "0",
    }
    with (home / "sample").open("wb") as output:
        subprocess.run(
            [sys.executable, "-m", "backend", "sample-data"],
            cwd=_BACKEND,
            env={"PATH": os.environ["PATH"], **environment},
            stdout=output,
            check=True,
        )
    return environment


def measure(options: Options) -> dict[str, Result]:
    with tempfile.TemporaryDirectory() as directory, contextlib.ExitStack() as stack:
        home = Path(directory)
        port, hello_port = free_port(), free_port()
        environment = backend_environment(stack.enter_context(running_server(free_port())), home)
        backend = stack.enter_context(
            process(["-m", "backend", "serve"], port, home / "log", **environment)
        )
        url = f"http://127.0.0.1:{port}{_PATH}"
        with urllib.request.urlopen(url, timeout=10) as answer:
            (home / "body").write_bytes(answer.read())
        command = ["-c", _HELLO, str(hello_port), str(home / "body")]
        hello = stack.enter_context(process(command, hello_port, home / "hello"))
        return take(
            {
                "hello, the same bytes": Row(hello, f"http://127.0.0.1:{hello_port}/"),
                "status": Row(backend, url),
            },
            options,
        )


def main(arguments: list[str] | None = None) -> int:
    options = read_options("program", __doc__, arguments)
    if shutil.which("wrk") is None:
        print("program: not measured, wrk not found (Debian: apt install wrk)", file=sys.stderr)
        return 1
    print(table(measure(options), "hello", lambda _: "hello, the same bytes"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
