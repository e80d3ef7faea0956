"""What the copy of `aws` has made before a call: with the command itself, as the miniature installs
it. A call of the copy is as one in a process of its own."""

from __future__ import annotations

import asyncio
import http.server
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
import pytest
from miniatures import ENVIRONMENTS, WAIT, eventually

import bonkei.services.endpoint
from bonkei.services.codebuild.tools.commands import AWS_CALL
from bonkei.services.ecs.execution.software import ensure_environment

LOCK = Path(bonkei.services.endpoint.__file__).parent / "data" / "awscli.txt"
SERVICES = ("ecs", "describe-services", "--cluster", "main", "--services", "web")

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere each call starts anew")


class Ecs(http.server.BaseHTTPRequestHandler):
    """Its answer says what it was asked, and what region signed it."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        signed = self.headers["Authorization"].split("/")[2]
        service = {"serviceName": f"{asked['services']} {signed}", "createdAt": 1700000000.5}
        self._say({"services": [service], "failures": []})

    def do_GET(self) -> None:
        self.server.asked += 1  # type: ignore[attr-defined]
        lasts = datetime.now(UTC) + timedelta(hours=1)
        names = ("AccessKeyId", "SecretAccessKey", "Token")
        given = dict.fromkeys(names, "a role's")
        self._say({**given, "Expiration": f"{lasts:%Y-%m-%dT%H:%M:%SZ}"})

    def _say(self, answer: object) -> None:
        said = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, *_: object) -> None:
        pass


# The files of its data that a call reads, and the folders that it lists, after all was prepared.
_NOTED = """
import os, sys
sys.path.insert(0, sys.argv.pop(1))
import aws_stay
from awscli import clidriver, handlers
aws_stay.Ready(clidriver).prepare(sys.argv[1:])
def note(event, given):
    if event in ("open", "os.listdir", "os.scandir") and "/botocore/data" in str(given[0]):
        print(given[0], file=sys.stderr)
sys.addaudithook(note)
if os.fork() == 0:
    aws_stay.end(clidriver.main())
sys.exit(os.waitstatus_to_exitcode(os.wait()[1]))
"""


class Calls:
    def __init__(self, folder: Path, endpoint: str, server: Any) -> None:
        self.server = server
        self.home, self.tools = folder / "home", folder / "tools"
        for each in (self.home, self.tools):
            each.mkdir()
        self._program = installed() / "aws"
        self._variables = {
            "HOME": str(self.home), "AWS_ENDPOINT_URL": endpoint, "AWS_REGION": "eu-west-1",
            "AWS_DEFAULT_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "key",
            "AWS_SECRET_ACCESS_KEY": "secret", "AWS_EC2_METADATA_DISABLED": "true",
        }  # fmt: skip

    def of_a_role(self) -> None:
        """From now on they have the credentials of a build's role."""
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            del self._variables[name]
        place = f"{self._variables['AWS_ENDPOINT_URL']}/credentials"
        self._variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = place

    def alone(self, *words: str, **more: str) -> tuple[int, str, str]:
        return self._run([str(self._program)], words, more)

    def stayed(self, *words: str, **more: str) -> tuple[int, str, str]:
        command = [sys.executable, "-I", "-S", str(AWS_CALL), str(self._program)]
        return self._run(command, words, {"MINIATURE_TOOLS": str(self.tools), **more})

    def reads(self) -> bool:
        """Whether a call reads the service's data itself."""
        code, _, said = self.stayed(*SERVICES, "--debug")
        assert code == 0, said
        return "Loading JSON file" in said

    def _run(
        self, command: list[str], words: tuple[str, ...], more: dict[str, str]
    ) -> tuple[int, str, str]:
        done = subprocess.run(
            [*command, *words], env=self._variables | more, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=WAIT, check=False,
        )  # fmt: skip
        return done.returncode, done.stdout, done.stderr


def installed() -> Path:
    return asyncio.run(ensure_environment((LOCK,), ENVIRONMENTS, lambda _: None)) / "bin"


@pytest.fixture
def calls(tmp_path: Path) -> Iterator[Calls]:
    """After the first one, when the copy listens."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Ecs) as server:
        server.asked = 0  # for credentials of a role
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        made = Calls(tmp_path, f"http://127.0.0.1:{server.server_port}", server)
        eventually(lambda: not made.reads(), "the copy is there, and has read the data")
        yield made
        for each in psutil.process_iter(["cmdline"]):
            if f"{tmp_path}/tools/aws-" in " ".join(each.info["cmdline"] or ()):
                with suppress(psutil.NoSuchProcess):
                    each.kill()
        server.shutdown()


def test_a_call_says_and_ends_as_one_in_a_process_of_its_own(calls: Calls) -> None:
    wrong = ("ecs", "describe-service")
    for words, more in (
        (SERVICES, {}),
        ((*SERVICES, "--query", "services[0].serviceName", "--output", "text"), {}),
        ((*SERVICES, "--region", "us-east-2"), {"AWS_DEFAULT_OUTPUT": "text"}),
        ((*SERVICES, "--profile", "other"), {}),
        (SERVICES, {"AWS_PROFILE": "another"}),
        (wrong, {}),
    ):
        assert calls.stayed(*words, **more) == calls.alone(*words, **more)
    assert calls.stayed(*wrong)[0] != 0
    assert "us-east-2" in calls.stayed(*SERVICES, "--region", "us-east-2")[1]
    assert not calls.reads()


def test_calls_of_a_build_ask_once_for_the_credentials_of_its_role(calls: Calls) -> None:
    calls.of_a_role()
    assert [calls.stayed(*SERVICES) for _ in "123"] == [calls.alone(*SERVICES)] * 3
    assert calls.server.asked == 2  # the copy, and the one that is alone
    other = (*SERVICES, "--profile", "other")
    assert calls.stayed(*other) == calls.alone(*other)


def test_a_call_reads_nothing_that_the_copy_has_read(tmp_path: Path) -> None:
    words = ("ecs", "list-tasks", "--generate-cli-skeleton", "--region", "ap-northeast-1")
    done = subprocess.run(
        [installed() / "python", "-c", _NOTED, AWS_CALL.parent, *words],
        env={"HOME": str(tmp_path)}, capture_output=True, text=True, timeout=WAIT, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "startedBy" in json.loads(done.stdout)
    assert done.stderr == ""


def test_settings_that_a_build_makes_are_heeded_at_once(calls: Calls) -> None:
    before = calls.stayed(*SERVICES)
    settings = calls.home / ".aws"
    settings.mkdir()
    (settings / "config").write_text("[default]\noutput = text\n")
    (settings / "cli").mkdir()
    (settings / "cli" / "alias").write_text("[toplevel]\nweb = ecs describe-services --services\n")
    text = calls.stayed("web", "web")
    assert text[1].startswith("SERVICES\t")
    assert text == calls.alone("web", "web")
    assert not calls.reads()
    (settings / "cli" / "alias").unlink()
    (settings / "cli").rmdir()
    (settings / "config").unlink()
    settings.rmdir()
    assert calls.stayed(*SERVICES) == before
