"""From `make up` to the first healthy page: warm, and on a fresh clone with nothing cached."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

from tests.support.ports import free_port

ROOT = Path(__file__).resolve().parent.parent
_PATIENCE = 600.0


def until_first_page(folder: Path, environment: dict[str, str]) -> float:
    """Seconds from `make up` to the first page with status 200; the miniature is stopped then.

    No request comes before the miniature says that it is ready: CloudFront would keep the error
    for a second.
    """
    edge = free_port()
    ports = {
        "BONKEI_EDGE_PORT": str(edge),
        "BONKEI_ALB_PORT": str(free_port()),
        "BONKEI_CLOUD_PORT": str(free_port()),
        "BONKEI_CONSOLE_PORT": "0",
    }
    begun = time.monotonic()
    process = subprocess.Popen(
        ["make", "-s", "up"],
        cwd=folder,
        env={**environment, **ports},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    watchdog = threading.Timer(_PATIENCE, os.killpg, (process.pid, signal.SIGINT))
    watchdog.start()
    try:
        lines = process.stdout or ()
        if any(line.startswith("Ready after") for line in lines) and answers(edge):
            return time.monotonic() - begun
        sys.exit("error: the miniature did not serve a page")
    finally:
        watchdog.cancel()
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGINT)
        process.communicate()


def answers(edge: int) -> bool:
    """Whether the page is there."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{edge}/", timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def clone(scratch: Path) -> Path:
    """A clone of the committed files, as a newcomer gets it."""
    target = scratch / "clone"
    subprocess.run(["git", "clone", "-q", str(ROOT), str(target)], check=True)
    return target


def main() -> None:
    """Print the table: one fresh start, then warm ones of the same clone."""
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        folder = clone(scratch)
        environment = {
            key: value
            for key, value in os.environ.items()
            if not key.startswith(("BONKEI_", "VIRTUAL_ENV"))
        }
        environment |= {"UV_CACHE_DIR": str(scratch / "uv"), "PIP_NO_CACHE_DIR": "1"}
        fresh = until_first_page(folder, environment)
        warm = sorted(until_first_page(folder, environment) for _ in range(5))
        subprocess.run(
            [".venv/bin/bonkei", "reset", "--yes"], cwd=folder, check=True, capture_output=True
        )
    print("| start | seconds | goal |")
    print("|---|---|---|")
    print(f"| fresh clone, nothing cached | {fresh:.1f} | 120 |")
    print(f"| warm, median of {len(warm)} | {warm[len(warm) // 2]:.1f} | 3 |")
    print(f"| warm, slowest of {len(warm)} | {warm[-1]:.1f} | 3 |")
