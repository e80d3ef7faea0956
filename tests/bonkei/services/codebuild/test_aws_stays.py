"""`aws` in a build: the first call leaves a copy, which makes the later ones."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import struct
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
from builds import Room, log, probed, spec
from miniatures import WAIT, eventually

from bonkei.services.codebuild.running.confinement import Confinement
from bonkei.services.codebuild.tools.commands import AWS_CALL, AWS_STAY

# What the installed command has, as far as it matters here. Its calls show what they were given.
# `test_aws_is_ready.py` calls the command itself.
_DRIVER = """
import json, os, sys, time
LOADED_BY = os.getpid()
class Loader:
    def __init__(self, places):
        assert places == "of the command"
        self.seen = []
    def _potential_locations(self):
        return iter([os.path.join(os.path.dirname(__file__), "data")])
    def list_available_services(self, type_name):
        return ["anew"]
    def load_data(self, name):
        self.seen.append(name)
    def load_service_model(self, name, kind):
        self.seen.append(f"{name} {kind}")
class botocore:
    class session:
        create_loader = Loader
class Driver:
    def __init__(self):
        self.made_by, self.number = os.getpid(), time.monotonic()
        self.loader = botocore.session.create_loader(os.environ["AWS_DATA_PATH"])
    def _get_command_table(self):
        return {}
    def _get_argument_table(self):
        return {}
def create_clidriver():
    return Driver()
def main():
    driver = create_clidriver()
    if "sleep" in sys.argv:
        print(os.getpid(), flush=True)
        time.sleep(600)
    umask = os.umask(0)
    os.umask(umask)
    shown = {
        "is_first": LOADED_BY == os.getpid(), "copied": LOADED_BY, "words": sys.argv[1:],
        "program": sys.argv[0], "variables": dict(os.environ), "umask": umask,
        "folder": os.getcwd(), "typed": sys.stdin.read(),
        "seen": driver.loader.seen, "made_here": driver.made_by == os.getpid(),
        "driver": driver.number,
        "services": driver.loader.list_available_services(type_name="service-2"),
        "others": driver.loader.list_available_services("examples-1"),
        "open": sorted(int(each) for each in os.listdir("/proc/self/fd")),
    }
    print(json.dumps(shown))
    driver.loader.seen.append("changed by a call")
    print("complaint", file=sys.stderr)
    return int(os.environ["CODE"]) if "CODE" in os.environ else None
"""
_KINDS = ("service-2", "paginators-1", "waiters-2", "endpoint-rule-set-1")


class Build:
    """Calls `aws` as the scripts of one build do."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.program = folder / "bin" / "aws"
        package = folder / "bin" / "awscli"
        for service in ("ssm", "ecs"):
            (package / "data" / service / "1").mkdir(parents=True)
            for kind in _KINDS:
                (package / "data" / service / "1" / f"{kind}.json").touch()
        (package / "__init__.py").write_text(
            "import os\nos.environ['AWS_DATA_PATH'] = 'of the command'\n"
        )
        (package / "handlers.py").touch()
        (package / "clidriver.py").write_text(_DRIVER)
        (folder / "bin" / "python").symlink_to(sys.executable)
        (folder / "tools").mkdir()

    def command(self, *words: str) -> list[str]:
        return [sys.executable, "-I", "-S", str(AWS_CALL), str(self.program), *words]

    def variables(self, **more: str) -> dict[str, str]:
        tools = str(self.folder / "tools")
        return {"PATH": os.defpath, "HOME": str(self.folder), "MINIATURE_TOOLS": tools, **more}

    def call(
        self, *words: str, typed: str = "", cwd: Path | None = None, umask: int = -1, **more: str
    ) -> tuple[int, dict[str, Any]]:
        outcome = subprocess.run(
            self.command(*words), input=typed, capture_output=True, text=True, cwd=cwd,
            umask=umask, env=self.variables(**more), timeout=WAIT, check=False,
        )  # fmt: skip
        assert outcome.stderr == "complaint\n"
        return outcome.returncode, json.loads(outcome.stdout)

    def sockets(self) -> list[str]:
        return sorted(each.name for each in (self.folder / "tools").iterdir())

    def copies(self) -> list[psutil.Process]:
        """The processes of the folder that nobody waits for."""
        return [
            each
            for each in psutil.process_iter(["cmdline"])
            if f"{self.folder}/tools/aws-" in " ".join(each.info["cmdline"] or ())
        ]

    def begin(self) -> int:
        """The first call; when it has ended the copy listens. Returns its process."""
        _, shown = self.call("ecs", "first")
        assert shown["is_first"]
        eventually(self.answers, "the copy listens")
        return int(shown["copied"])

    def answers(self) -> bool:
        return not self.call("ecs", "again")[1]["is_first"]


@pytest.fixture
def build(tmp_path: Path) -> Iterator[Build]:
    made = Build(tmp_path)
    yield made
    for each in made.copies():
        with suppress(psutil.NoSuchProcess):
            each.kill()


pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere each call starts anew")


def test_a_later_call_loads_nothing_and_gets_all_that_a_process_inherits(
    build: Build, tmp_path: Path
) -> None:
    loaded_by = build.begin()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    code, shown = build.call(
        "ecs", "describe", "--it=ü", typed="said", cwd=elsewhere, umask=0o027, CODE="7", MORE="ü",
    )  # fmt: skip
    assert code == 7
    assert shown["copied"] == loaded_by
    assert shown["words"] == ["ecs", "describe", "--it=ü"]
    assert shown["program"] == str(build.program)
    assert shown["typed"] == "said"
    assert shown["folder"] == str(elsewhere)
    assert shown["umask"] == 0o027
    assert shown["variables"]["MORE"] == "ü"
    assert shown["variables"]["AWS_DATA_PATH"] == "of the command"
    code, shown = build.call("ecs")
    assert code == 0
    assert "MORE" not in shown["variables"]
    assert [each for each in shown["open"] if each > 3] == [], "but the list's own"


def test_a_later_call_makes_nothing_itself_and_changes_nothing_for_others(build: Build) -> None:
    build.begin()
    for _ in "12":
        shown = build.call("ecs", "describe")[1]
        assert not shown["made_here"]
        assert shown["seen"][-4:] == [f"ecs {kind}" for kind in _KINDS]
        assert "changed by a call" not in shown["seen"]
        assert shown["services"] == ["ecs", "ssm"]
        assert shown["others"] == ["anew"]


def test_other_variables_of_aws_have_a_driver_of_their_own(build: Build) -> None:
    build.begin()
    first = build.call("ecs", AWS_REGION="eu-west-1")[1]["driver"]
    assert build.call("ssm", AWS_REGION="eu-west-1")[1]["driver"] == first
    assert build.call("ecs", AWS_REGION="eu-west-2")[1]["driver"] != first


@pytest.mark.parametrize("what", ["settings", "file"])
def test_somebody_with_settings_has_a_driver_of_the_call(build: Build, what: str) -> None:
    if what == "settings":
        (build.folder / ".aws").mkdir()
    build.begin()
    shown = build.call("ecs", AWS_CONFIG_FILE="/elsewhere") if what == "file" else build.call("ecs")
    assert shown[1]["made_here"]
    assert shown[1]["seen"][-4:] == [f"ecs {kind}" for kind in _KINDS], "its data are known"


@pytest.mark.parametrize("what", ["models", "another driver", "another loader"])
def test_a_call_reads_what_only_it_can_know(build: Build, what: str) -> None:
    changes = {
        "models": ("iter([", 'iter(["/elsewhere",'),
        "another driver": ("_get_command_table", "_get_commands"),
        "another loader": ("load_service_model", "load_model"),
    }
    driver = build.program.with_name("awscli") / "clidriver.py"
    driver.write_text(_DRIVER.replace(*changes[what]))
    build.begin()
    shown = build.call("ecs")[1]
    assert shown["made_here"]
    assert (shown["seen"] == []) == (what == "models")


def test_a_variable_that_is_read_at_the_start_has_a_copy_of_its_own(build: Build) -> None:
    loaded_by = build.begin()
    assert build.call("ecs", TZ="Asia/Tokyo")[1]["is_first"]
    assert build.call("ecs")[1]["copied"] == loaded_by


def test_without_the_folder_of_tools_the_command_starts_as_it_is(build: Build) -> None:
    build.program.write_text("#!/bin/sh\necho itself $@\n")
    build.program.chmod(0o755)
    said = subprocess.run(
        build.command("ecs", "x"), capture_output=True, text=True, env={}, check=True
    )
    assert said.stdout == "itself ecs x\n"
    assert build.sockets() == []


def test_a_command_of_a_person_starts_alone(build: Build) -> None:
    command = [build.folder / "bin" / "python", AWS_STAY, "-", build.program, "ecs", "x"]
    said = subprocess.run(
        command, input="typed", capture_output=True, text=True,
        env=build.variables(CODE="7"), check=False, cwd=build.folder,
    )  # fmt: skip
    shown = json.loads(said.stdout)
    assert (said.returncode, said.stderr) == (7, "complaint\n")
    assert (shown["words"], shown["typed"]) == (["ecs", "x"], "typed")
    assert shown["program"] == str(build.program)
    assert build.copies() == build.sockets() == []


def test_a_copy_that_was_killed_is_not_needed(build: Build) -> None:
    build.begin()
    for each in build.copies():
        each.kill()
        each.wait(WAIT)
    assert build.call("ecs")[1]["is_first"]


def test_many_calls_at_once_have_their_own_answers(build: Build) -> None:
    build.begin()
    calls = [
        subprocess.Popen(
            build.command("ecs", str(number)), env=build.variables(CODE=str(number)),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )
        for number in range(12)
    ]  # fmt: skip
    for number, call in enumerate(calls):
        said, _ = call.communicate(timeout=WAIT)
        assert json.loads(said)["words"] == ["ecs", str(number)]
        assert call.returncode == number


def _sleeping(build: Build) -> tuple[subprocess.Popen[str], psutil.Process]:
    """A call that lasts, and the process that does it."""
    call = subprocess.Popen(
        build.command("ecs", "sleep"), env=build.variables(), stdout=subprocess.PIPE, text=True
    )
    assert call.stdout is not None
    return call, psutil.Process(int(call.stdout.readline()))


def test_a_signal_ends_the_call_and_is_its_end(build: Build) -> None:
    build.begin()
    call, process = _sleeping(build)
    with call:
        call.send_signal(signal.SIGTERM)
        assert call.wait(WAIT) == -signal.SIGTERM
    assert not process.is_running()
    assert build.answers()


def test_a_call_that_nobody_waits_for_is_ended(build: Build) -> None:
    build.begin()
    call, process = _sleeping(build)
    with call:
        call.kill()
        call.wait(WAIT)
        process.wait(WAIT)
    assert build.answers()


def test_a_caller_that_is_killed_while_it_asks_leaves_nothing_open(
    build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    build.begin()
    (name,) = build.sockets()
    monkeypatch.chdir(build.folder / "tools")  # the name of a socket has at most 107 bytes
    reading, writing = os.pipe()
    with socket.socket(socket.AF_UNIX) as asked:
        asked.connect(name)
        socket.send_fds(asked, [struct.pack("!I", 100)], [writing] * 4)
        asked.sendall(b"0\0")
    os.close(writing)
    with open(reading, "rb") as output:  # noqa: PTH123 - a descriptor
        assert select.select([output], [], [], WAIT)[0], "somebody still holds it"
        assert output.read() == b""
    assert build.answers()


def test_a_call_whose_process_is_killed_has_failed(build: Build) -> None:
    build.begin()
    call, process = _sleeping(build)
    with call:
        process.kill()
        assert call.wait(WAIT) == -signal.SIGKILL
    assert build.answers()


def test_a_copy_that_nobody_calls_ends(build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    hurried = build.folder / "aws_stay.py"
    hurried.write_text(AWS_STAY.read_text().replace("IDLE = 300.0", "IDLE = 0.2"))
    place = build.folder / "tools" / "aws-short"
    subprocess.run(
        [build.folder / "bin" / "python", hurried, place, build.program, "ecs"],
        input="", text=True, env=build.variables(), check=True, capture_output=True,
    )  # fmt: skip
    eventually(lambda: build.copies() == [] and build.sockets() == [], "it has ended")


@pytest.mark.parametrize("is_confined", [True, False])
async def test_the_copy_is_in_the_build_and_ends_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_confined: bool
) -> None:
    """In each of the shells that run its entries, also with a pipe that the first call had."""
    if is_confined and not probed().is_possible:
        pytest.skip("this machine cannot confine a build")
    (tmp_path / "installed").mkdir()
    build = Build(tmp_path / "installed")
    room = Room(tmp_path / "room", may_write_outside=True)
    room.world.reads = (build.folder,)
    room.builds._given = room.world.surroundings()
    if not is_confined:
        monkeypatch.setattr(room.builds, "confinement", lambda: Confinement("there are none"))
    room.world.commands = {"aws": tuple(build.command())}
    again = (
        "until aws ecs later </dev/null 2>/dev/null | grep 'is_first.: false'; do sleep 0.1; done"
    )
    room.builds.start()
    try:
        result = await room.run(spec('FIRST="$(aws ecs first </dev/null)"', again, 'echo "$FIRST"'))
    finally:
        await room.builds.stop()
    said = log(result)
    assert result.status == "SUCCEEDED", said
    assert '"is_first": true' in said
    assert '"words": ["ecs", "later"]' in said
    own = str(tmp_path / "room")
    left = [each.info["cmdline"] for each in psutil.process_iter(["cmdline"])]
    assert [each for each in left if own in " ".join(each or ())] == []
