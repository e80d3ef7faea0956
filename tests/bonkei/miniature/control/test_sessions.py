"""`bonkei run`, `exec` and `env`: the user's own commands, in the environment of real tasks."""

from __future__ import annotations

import asyncio
import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import psutil
import pytest

from bonkei.base.events import Bus
from bonkei.base.vault import MemoryVault
from bonkei.blueprint import Blueprint
from bonkei.miniature.control import sessions
from bonkei.miniature.control.answering import ControlServer
from bonkei.miniature.home import Home, MiniatureError
from bonkei.services.ecs import Tasks, TaskSettings
from tests.bonkei.services.ecs.conftest import SERVER, Program, definition, service, web_container
from tests.bonkei.services.ecs.log_lines import MemoryLogSink

SECRET = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:api-AbCdEf"
TASK = definition(
    web_container(environment=(("GREETING", "it's me"),), secrets=(("API_KEY", SECRET),)),
    family="app-web",
)
BLUEPRINT = Blueprint(services=(service(TASK),), task_definitions=(TASK,))
TOML = """
[containers.web]
directory = "web"

[[run]]
name = "greeting"
task_definition = "app-web"
container = "web"
command = ["python3", "-c", "import os; print(os.environ['GREETING'])"]
"""


@dataclass
class Miniature:
    """A miniature for the commands: real tasks, and only the parts that they need."""

    root: Path
    tasks: Tasks

    @property
    def command(self) -> list[str]:
        return [sys.executable, "-m", "bonkei", "--config", str(self.root / "bonkei.toml")]

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "BONKEI_HOME": str(self.root / "home")}

    async def start(self, *arguments: str, stdin: bytes = b"") -> asyncio.subprocess.Process:
        process = await asyncio.create_subprocess_exec(
            *self.command, *arguments,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=self.environment,
        )  # fmt: skip
        assert process.stdin is not None
        process.stdin.write(stdin)
        process.stdin.close()
        return process

    async def run(self, *arguments: str, stdin: bytes = b"") -> tuple[int, str, str]:
        process = await self.start(*arguments, stdin=stdin)
        output, errors = await process.communicate()
        assert process.returncode is not None
        return process.returncode, output.decode(), errors.decode()


@pytest.fixture
async def miniature(tmp_path: Path) -> AsyncIterator[Miniature]:
    Program(tmp_path / "web").write(SERVER)
    (tmp_path / "infrastructure").mkdir()
    (tmp_path / "bonkei.toml").write_text(TOML)
    home = Home(tmp_path / "home").make()
    bus, vault = Bus(), MemoryVault()
    vault.put(SECRET, "a secret")
    settings = TaskSettings(home.path, {"web": tmp_path / "web"})
    tasks = Tasks(bus, vault, settings, logs=MemoryLogSink())
    await tasks.reconcile(BLUEPRINT)

    server = ControlServer(home, sessions.handlers(lambda: (BLUEPRINT, tasks), bus))
    await server.start()
    async with asyncio.timeout(60):
        await tasks.steady()
    yield Miniature(tmp_path, tasks)
    await server.stop()
    await tasks.stop()


async def test_a_command_has_the_environment_the_input_and_the_exit_code(
    miniature: Miniature,
) -> None:
    script = "read word; echo $word $GREETING $API_KEY $PORT $PWD; exit 7"
    (task,) = miniature.tasks.snapshot().tasks
    own = task.endpoint.partition(":")[2]
    for call in ("run", "exec"):
        code, output, errors = await miniature.run(
            call, "web", "--", "sh", "-c", script, stdin=b"hello\n"
        )
        assert (code, errors) == (7, "")
        words = output.split()
        assert words[:5] == ["hello", "it's", "me", "a", "secret"]
        assert (words[5] == own) == (call == "exec")  # its own port, or the task's
        assert words[6] == str(miniature.root / "web")
    by_id = await miniature.run("exec", task.id[:8], "--", "sh", "-c", "kill -9 $$")
    assert by_id[0] == 137


async def test_the_load_of_a_command_counts_with_its_task(miniature: Miniature) -> None:
    """On Fargate it runs in the task's container."""
    before = miniature.tasks.snapshot().tasks[0].memory
    fill = "kept = bytes(range(256)) * 400_000; input()"  # 102 MB
    command = await asyncio.create_subprocess_exec(
        *miniature.command, "exec", "web", "--", "python3", "-c", fill,
        stdin=subprocess.PIPE, env=miniature.environment,
    )  # fmt: skip
    async with asyncio.timeout(60):
        while miniature.tasks.snapshot().tasks[0].memory < before + 90_000_000:
            await asyncio.sleep(0.1)
        await command.communicate(b"\n")
        while miniature.tasks.snapshot().tasks[0].memory > before + 20_000_000:
            await asyncio.sleep(0.1)


async def test_a_setting_is_run_by_its_name(miniature: Miniature) -> None:
    assert await miniature.run("run", "greeting") == (0, "it's me\n", "")
    other = await miniature.run("run", "greeting", "--", "python3", "-c", "print(1)")
    assert other == (0, "1\n", "")


async def test_no_process_of_a_command_remains(miniature: Miniature) -> None:
    before = sorted((miniature.root / "home" / "tasks").iterdir())
    assert (await miniature.run("run", "web", "--", "sh", "-c", "echo x > $HOME/file"))[0] == 0
    async with asyncio.timeout(60):
        while sorted((miniature.root / "home" / "tasks").iterdir()) != before:
            await asyncio.sleep(0.01)


def runs(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.mark.parametrize("call", ["run", "exec"])
async def test_what_a_command_leaves_in_the_background_ends_with_it(
    miniature: Miniature, call: str
) -> None:
    script = "(setsid sleep 600 & echo $!) & nohup sleep 600 >/dev/null 2>&1 & echo $!; wait $!"
    process = await miniature.start(call, "web", "--", "sh", "-c", script)
    assert process.stdout is not None
    left = [int(await process.stdout.readline()) for _ in range(2)]
    async with asyncio.timeout(60):
        process.kill()
        while any(map(runs, left)):
            await asyncio.sleep(0.01)


async def test_a_command_that_has_ended_leaves_nothing(miniature: Miniature) -> None:
    script = "nohup sleep 600 >/dev/null 2>&1 & echo $!"
    code, output, _ = await miniature.run("exec", "web", "--", "sh", "-c", script)
    assert code == 0
    assert not runs(int(output))


async def test_psql_is_provided_when_the_machine_has_none(miniature: Miniature) -> None:
    code, output, _ = await miniature.run("exec", "web", "--", "psql", "--version")
    assert (code, output.split()[0]) == (0, "psql")


async def test_a_command_ends_with_its_task(miniature: Miniature) -> None:
    (task,) = miniature.tasks.snapshot().tasks
    process = await miniature.start("exec", "web", "--", "sh", "-c", "echo on; sleep 600")
    assert process.stdout is not None
    await process.stdout.readline()
    miniature.tasks.stop_task(task.id)
    _, errors = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 128 + signal.SIGTERM
    assert "its task has stopped" in errors.decode()


async def test_a_command_goes_on_while_its_task_ends(miniature: Miniature) -> None:
    (task,) = miniature.tasks.snapshot().tasks
    ((_, pid),) = task.pids
    script = (
        "echo $HOME; until [ -e $HOME/go ]; do sleep 0.05; done; sleep 1; "
        f"echo still; kill -CONT {pid}; sleep 600"
    )
    process = await miniature.start("exec", "web", "--", "sh", "-c", script)
    assert process.stdout is not None
    home = Path((await process.stdout.readline()).decode().strip())
    os.kill(pid, signal.SIGSTOP)  # it does not end before the command lets it
    async with asyncio.timeout(60):
        while psutil.Process(pid).status() != psutil.STATUS_STOPPED:
            await asyncio.sleep(0.01)
        miniature.tasks.stop_task(task.id)
        while miniature.tasks.snapshot().tasks[0].last_status != "STOPPING":
            await asyncio.sleep(0.01)
    (home / "go").touch()
    output, errors = await asyncio.wait_for(process.communicate(), 60)
    assert output == b"still\n"
    assert "its task has stopped" in errors.decode()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_to_bonkei_alone_reaches_the_command(
    miniature: Miniature, number: signal.Signals
) -> None:
    script = "trap 'echo ended; exit 3' INT TERM; echo on; while :; do sleep 0.05; done"
    process = await miniature.start("run", "web", "--", "sh", "-c", script)
    assert process.stdout is not None
    await process.stdout.readline()
    process.send_signal(number)
    output, _ = await asyncio.wait_for(process.communicate(), 60)
    assert (process.returncode, output) == (3, b"ended\n")


async def on_terminal(
    miniature: Miniature, *command: str
) -> tuple[asyncio.subprocess.Process, int]:
    """A command in a task, and the other side of the terminal that it has alone."""
    screen, terminal = pty.openpty()
    process = await asyncio.create_subprocess_exec(
        *miniature.command, "exec", "web", "--", *command,
        env=miniature.environment, preexec_fn=lambda: os.login_tty(terminal),
    )  # fmt: skip
    os.close(terminal)
    return process, screen


async def shown(screen: int, words: bytes) -> None:
    found = b""
    while words not in found:
        found += await asyncio.to_thread(os.read, screen, 4096)


async def test_a_command_has_its_own_terminal_and_gets_ctrl_c(miniature: Miniature) -> None:
    program = (
        "import sys, time\n"
        "try:\n"
        "    print(sys.stdin.isatty(), sys.stdout.isatty(), flush=True)\n"
        "    time.sleep(600)\n"
        "except KeyboardInterrupt: sys.exit(5)\n"
    )
    process, screen = await on_terminal(miniature, "python3", "-c", program)
    await shown(screen, b"True True")
    os.write(screen, b"\x03")
    assert await asyncio.wait_for(process.wait(), 60) == 5
    os.close(screen)


async def test_a_shell_on_a_terminal_ends_with_its_task_at_once(miniature: Miniature) -> None:
    (task,) = miniature.tasks.snapshot().tasks
    process, screen = await on_terminal(miniature, "bash", "--norc", "-i")
    os.write(screen, b"echo $((40 + 2))\n")
    await shown(screen, b"42")
    miniature.tasks.stop_task(task.id)
    # By the hang-up: after ten seconds it would be killed, with another code.
    assert await asyncio.wait_for(process.wait(), 60) in (0, 128 + signal.SIGHUP)
    os.close(screen)


async def test_a_shell_that_loses_a_hang_up_gets_another(miniature: Miniature) -> None:
    (task,) = miniature.tasks.snapshot().tasks
    script = "trap 'trap \"exit 7\" HUP' HUP; echo 4$((1 + 1)); while :; do sleep 0.05; done"
    process, screen = await on_terminal(miniature, "bash", "-c", script)
    await shown(screen, b"42")
    miniature.tasks.stop_task(task.id)
    assert await asyncio.wait_for(process.wait(), 60) == 7
    os.close(screen)


async def test_the_environment_for_a_shell_without_its_secrets(miniature: Miniature) -> None:
    code, output, _ = await miniature.run("env", "web")
    assert code == 0
    assert "GREETING='it'\"'\"'s me'\n" in output
    assert "# API_KEY is a secret: --secrets shows it\n" in output
    assert "a secret\n" not in output.replace("is a secret", "")
    shown = (await miniature.run("env", "web", "--secrets"))[1]
    assert "API_KEY='a secret'\n" in shown
    made = json.loads((await miniature.run("env", "web", "--json"))[1])
    assert made["environment"]["GREETING"] == "it's me"
    assert made["environment"]["API_KEY"] is None
    assert made["secrets"] == ["API_KEY"]
    assert made["task"] == miniature.tasks.snapshot().tasks[0].id


async def test_an_unknown_name_is_reported_with_the_known_ones(miniature: Miniature) -> None:
    for arguments, words in (
        (("run", "nobody", "--", "true"), "there are: app-web, web"),
        (("exec", "nobody", "--", "true"), "nothing that can run has the name nobody"),
        (("exec", "web", "--container", "x", "--", "true"), "has no container x"),
        (("run", "web", "--", "no-such-program"), "no-such-program was not found"),
    ):
        code, output, errors = await miniature.run(*arguments)
        assert (code, output) == (1, "")
        assert words in errors
    code, _, errors = await miniature.run("run", "web")
    assert code == 2
    assert "bonkei run web -- COMMAND" in errors
    code, _, errors = await miniature.run("exec", "web", "python3", "-c", "1")
    assert code == 2
    assert "after `--`: bonkei exec NAME -- COMMAND" in errors


def test_an_ambiguous_name_is_not_guessed() -> None:
    both = Blueprint(
        task_definitions=(definition(family="a-web"), definition(family="b-web")),
    )
    with pytest.raises(MiniatureError, match="more than one thing has the name web") as caught:
        sessions.find_subject(both, "web")
    assert "a-web, b-web" in caught.value.remedy


def test_a_family_means_its_newest_revision_and_a_service_what_it_runs() -> None:
    """A release registers revisions beside Terraform's, and gives one to the service."""
    older = replace(TASK, arn=f"{TASK.arn}-older", revision=TASK.revision)
    newest = replace(TASK, arn=f"{TASK.arn}-newest", revision=TASK.revision + 2)
    newer = replace(TASK, arn=f"{TASK.arn}-newer", revision=TASK.revision + 1)
    released = Blueprint(
        services=(replace(service(TASK), task_definition_arn=newer.arn),),
        task_definitions=(older, newest, newer),
    )
    assert sessions.find_subject(released, "app-web").definition is newest
    assert sessions.find_subject(released, "web").definition is newer
