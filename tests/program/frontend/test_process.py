"""The program as its container runs it: it starts, logs, drains and stops."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx
import over_http
import psutil
import pytest
from dockerfile_parse import DockerfileParser
from ports import free_port

from tests.program.frontend.fake_backend import FakeBackend
from tests.program.frontend.process import PROGRAM, address_of, environment, records, wait_until

LOADED = """
import gc, sys, types
import frontend.__main__ as program

class Loading(types.ModuleType):
    def __getattr__(self, name):
        while_loaded.append(gc.get_threshold())
        return Server

class Server:
    started = True
    def __init__(self, settings): pass
    def run(self):
        print(*max(while_loaded), gc.get_threshold() == usual, gc.get_freeze_count() > 0)

usual, while_loaded = gc.get_threshold(), []
sys.modules["frontend.server"] = Loading("frontend.server")
sys.exit(program.serve())
"""


def test_only_new_objects_are_searched_for_garbage_while_it_is_loaded() -> None:
    outcome = subprocess.run(
        [sys.executable, "-c", LOADED],
        cwd=PROGRAM, env=environment(PORT="0", BACKEND_URL="http://127.0.0.1:9"),
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert outcome.stdout.split() == ["5000", "1000000", "1000000", "True", "True"]


def test_a_request_in_flight_is_answered_after_sigterm(
    behind: FakeBackend, process: subprocess.Popen[str], tmp_path: Path
) -> None:
    address = address_of(tmp_path, process)
    answers: list[httpx.Response] = []
    behind.held = True
    with httpx.Client(timeout=60) as client:
        asking = threading.Thread(target=lambda: answers.append(client.get(f"{address}/")))
        asking.start()
        try:
            wait_until(lambda: behind.requests)
            process.send_signal(signal.SIGTERM)
            wait_until(lambda: any("SIGTERM" in str(r["message"]) for r in records(tmp_path)))
            late = client.get(f"{address}/healthcheck")
        finally:
            behind.held = False
            asking.join()
    assert answers[0].status_code == 200
    assert "We have a major outage" in answers[0].text
    assert (late.status_code, late.headers["connection"]) == (200, "close")
    assert process.wait(60) == 0


def test_an_idle_server_sleeps_and_sigterm_wakes_it(
    process: subprocess.Popen[str], tmp_path: Path
) -> None:
    address = address_of(tmp_path, process)
    assert over_http.get(f"{address}/healthcheck", timeout=60).status_code == 200
    time.sleep(1)
    began, before = time.monotonic(), psutil.Process(process.pid).num_ctx_switches().voluntary
    time.sleep(3)
    after = psutil.Process(process.pid).num_ctx_switches().voluntary
    assert after - before <= 4 * (time.monotonic() - began)  # uvicorn alone: 10 a second
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0


def test_every_line_is_a_record(process: subprocess.Popen[str], tmp_path: Path) -> None:
    address = address_of(tmp_path, process)
    over_http.get(
        f"{address}/history?x=\ud83d".encode("utf-8", "ignore").decode() + "%0a%22{", timeout=60
    )
    headers = {"X-Request-Id": "id-from-the-edge", "X-Forwarded-For": "203.0.113.9"}
    over_http.get(f"{address}/nowhere", headers=headers, timeout=60)
    process.send_signal(signal.SIGTERM)
    process.wait(60)
    told = records(tmp_path)
    needed = {"time", "level", "logger", "message", "type"}
    assert all(needed <= record.keys() for record in told)
    (access,) = (record for record in told if record.get("path") == "/nowhere")
    assert access["type"] == "access"
    assert access["request_id"] == "id-from-the-edge"
    assert (access["method"], access["status"], access["client"]) == ("GET", 404, "203.0.113.9")
    assert {record["type"] for record in told} == {"access", "application"}


def test_successful_health_checks_are_not_logged(
    process: subprocess.Popen[str], tmp_path: Path
) -> None:
    """They arrive every few seconds. A failed one is logged."""
    address = address_of(tmp_path, process)
    assert over_http.get(f"{address}/healthcheck", timeout=60).status_code == 200
    assert over_http.post(f"{address}/healthcheck", timeout=60).status_code == 405
    process.send_signal(signal.SIGTERM)
    process.wait(60)
    told = [record["message"] for record in records(tmp_path) if record["type"] == "access"]
    assert told == ["POST /healthcheck 405"]


@pytest.mark.parametrize(
    ("missing", "wrong"),
    [
        ("SESSION_SECRET", {}),
        ("SESSION_SECRET", {"SESSION_SECRET": "short-and-secret"}),
        ("BACKEND_URL", {"BACKEND_URL": "backend"}),
        ("PORT", {"PORT": "http"}),
    ],
)
def test_a_wrong_setting_in_the_environment_is_reported(
    missing: str, wrong: dict[str, str]
) -> None:
    variables = environment(BACKEND_URL="http://backend:8000", PORT="0")
    variables.pop(missing)
    ended = subprocess.run(
        [sys.executable, "-m", "frontend", "serve"],
        cwd=PROGRAM,
        env=variables | wrong,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 1
    record = json.loads(ended.stdout)
    assert record["level"] == "FATAL"
    assert missing in record["message"]
    assert "short-and-secret" not in ended.stdout + ended.stderr


def test_healthcheck_command(process: subprocess.Popen[str], tmp_path: Path) -> None:
    def check(port: str) -> int:
        command = [sys.executable, "-m", "frontend", "healthcheck"]
        return subprocess.run(
            command, cwd=PROGRAM, env=environment(PORT=port), check=False
        ).returncode

    port = address_of(tmp_path, process).rpartition(":")[2]
    wait_until(lambda: check(port) == 0)  # it gives up after 2 s, and is tried again
    assert check(str(free_port())) == 1


def test_the_dockerfile() -> None:
    dockerfile = DockerfileParser(fileobj=io.BytesIO((PROGRAM / "Dockerfile").read_bytes()))
    instructions = {one["instruction"]: one["value"] for one in dockerfile.structure}
    assert json.loads(instructions["CMD"]) == ["python", "-m", "frontend", "serve"]
    assert instructions["USER"] == "10001"
    assert "HOST=0.0.0.0" in instructions["ENV"]
    assert all(re.search(r":3\.\d+\.\d+-slim", image) for image in dockerfile.parent_images)
    linted = subprocess.run(
        ["hadolint", str(PROGRAM / "Dockerfile")],
        env={"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (linted.stdout, linted.returncode) == ("", 0)
