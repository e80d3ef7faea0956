"""Starting and stopping: the data stays, nothing is left behind, and mistakes are explained."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Container, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from uuid import uuid4

import httpx
import msgpack
import over_http
import psutil
import pytest
from foreground import Running, running, starting
from miniatures import ANSWER, Project, administrator, applied_copy, eventually, removed

LOAD = 5.0  # seconds of it before SIGKILL
FOREIGN = Path(__file__).with_name("foreign")


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """Beside `project`. Each test here leaves its files unchanged."""
    folder = tmp_path_factory.mktemp("other")
    project = applied_copy(folder, tmp_path_factory)
    with removed(project):
        yield project


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Project]:
    """A stack that costs Terraform little, with a new home."""
    shutil.copytree(FOREIGN, tmp_path / "project")
    project = Project(tmp_path / "project", tmp_path / "home")
    with removed(project):
        yield project


@pytest.fixture(scope="module")
def interrupted(project: Project, miniature: Running) -> Running:
    """The first run: it got a component, and Ctrl-C."""
    made = over_http.post(
        f"{project.site}/api/v1/components",
        json={"name": "Kept"},
        headers=administrator(project),
        timeout=ANSWER,
    )
    assert made.status_code == 201
    miniature.interrupt()
    return miniature


@pytest.fixture(scope="module")
def second(project: Project, interrupted: Running) -> Iterator[Running]:
    """The run after it."""
    assert interrupted.process.returncode is not None
    with running(project) as miniature:
        yield miniature


@dataclass
class Written:
    """Records and when a log router had them: of requests (path), and ERROR records (message)."""

    at: dict[str, float] = field(default_factory=dict)

    def lost(self, arrived: Container[str]) -> list[float]:
        """How many seconds before the last one the records were written that have not arrived."""
        last = max(self.at.values())
        return sorted(last - at for name, at in self.at.items() if name not in arrived)


@pytest.fixture(scope="module")
def written() -> Written:
    return Written()


@pytest.fixture(scope="module")
def killed(project: Project, second: Running, written: Written) -> list[psutil.Process]:
    """Processes that are left of the second run after SIGKILL, under load."""
    [sockets] = (project.home / "sockets").read_text().split()
    stopped = threading.Event()
    work = [
        partial(ask, project),
        *(partial(report, each) for each in Path(sockets).glob("*.sock")),
    ]
    with ThreadPoolExecutor(8) as many:
        going = [many.submit(each, written, stopped) for each in (*work, work[0], work[0])]
        time.sleep(LOAD)
        left = second.kill()
        stopped.set()
    assert [each.exception() for each in going] == [None] * len(going)
    return left


def ask(project: Project, written: Written, stopped: threading.Event) -> None:
    """Each answer is an access record, also of a page that is not there."""
    with httpx.Client(timeout=ANSWER) as client, suppress(httpx.HTTPError):
        while not stopped.is_set():
            path = f"/none/{uuid4()}"
            assert client.get(f"{project.site}{path}").status_code == 404
            written.at[path] = time.monotonic()


def report(router: Path, written: Written, stopped: threading.Event) -> None:
    """ERROR records, as the log driver of a container sends them."""
    with socket.socket(socket.AF_UNIX) as driver, suppress(OSError):
        driver.connect(str(router))
        while not stopped.is_set():
            name = str(uuid4())
            record = {"log": json.dumps({"level": "ERROR", "message": name}), "source": "stdout"}
            driver.sendall(msgpack.packb(["app-firelens-1", int(time.time()), record]))
            written.at[name] = time.monotonic()
            time.sleep(0.005)


@pytest.fixture(scope="module")
def detached(
    project: Project, killed: list[psutil.Process]
) -> Iterator[subprocess.CompletedProcess[str]]:
    """The third run, in the background. It begins where the killed one ended."""
    assert killed == []
    try:
        yield project.bonkei("up", "--detach")
    finally:
        project.bonkei("down")


def test_data_survives_ctrl_c(project: Project, interrupted: Running, second: Running) -> None:
    assert interrupted.process.returncode == 0
    assert any("Stopped" in line for line in interrupted.lines)
    eventually(
        lambda: "Kept" in over_http.get(project.site, timeout=ANSWER).text, "it is still there"
    )
    assert any("as they were last applied" in line for line in second.lines)
    assert not any("sample data" in line for line in second.lines)


def test_a_killed_supervisor_leaves_nothing_and_loses_nothing(
    project: Project, detached: subprocess.CompletedProcess[str]
) -> None:
    assert detached.returncode == 0, detached.stdout + detached.stderr
    assert over_http.get(project.site, timeout=ANSWER).status_code == 200
    eventually(
        lambda: "Kept" in over_http.get(project.site, timeout=ANSWER).text, "nothing is lost"
    )


def test_two_miniatures_side_by_side(
    project: Project,
    other: Project,
    detached: subprocess.CompletedProcess[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The second one runs in a shell with another TMPDIR, and with one address, as on macOS. Both
    answer from either shell."""
    assert detached.returncode == 0, detached.stdout + detached.stderr
    (tmp_path / "tmp").mkdir()
    with monkeypatch.context() as shell:
        shell.setenv("TMPDIR", str(tmp_path / "tmp"))
        shell.setenv("BONKEI_ADDRESSES", "one")
        with running(other) as miniature:
            assert any("answers on 127.0.0.1 alone" in line for line in miniature.lines)
            look_at_both(project, other)
            look_at_one_address(other, miniature)
            assert "running" in other.bonkei("reset", "--yes").stderr


def look_at_both(project: Project, other: Project) -> None:
    for one in (project, other):
        assert over_http.get(one.site, timeout=ANSWER).status_code == 200
        assert one.status()["ready"]
    over_http.post(
        f"{other.site}/api/v1/components",
        json={"name": "Only there"},
        headers=administrator(other),
        timeout=ANSWER,
    )
    names = over_http.get(f"{project.site}/api/v1/components", timeout=ANSWER).text
    assert "Only there" not in names


REACHES = """
import os, psycopg
found = {name: os.environ[f"DATABASE_{name.upper()}"] for name in ("host", "port", "password")}
with psycopg.connect(dbname=os.environ["DATABASE_NAME"], user="application", **found) as made:
    print(found["host"], found["port"], made.execute("SELECT 1").fetchone()[0])
"""
TRIES = """
import socket, sys
with socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=1) as made:
    made.settimeout(1)
    made.sendall((8).to_bytes(4, "big") + (80877103).to_bytes(4, "big"))  # "may I use TLS?"
    print(made.recv(1))
"""


def look_at_one_address(other: Project, miniature: Running) -> None:
    """Names are ports there. The callers are told apart: the frontend may not call the database."""
    lines = (other.home / "addresses").read_text().splitlines()
    held = dict(line.rsplit(" ", 1) for line in lines[1:])

    def way(caller: str) -> str:
        [host] = [held[name] for name in held if f"{caller} to cluster" in name]
        return held[f"{host}:5432"]

    said = other.bonkei("exec", "backend", "--", "python", "-c", REACHES)
    assert said.stdout == f"127.0.0.1 {way('backend')} 1\n", said.stderr
    said = other.bonkei("exec", "frontend", "--", "python", "-c", TRIES, way("frontend"))
    assert "TimeoutError" in said.stderr
    listeners = {each["name"]: each["url"] for each in other.status()["edge"]["listeners"]}
    [own] = [url for name, url in listeners.items() if name.startswith("backend for ")]
    assert "target " in other.bonkei("explain", f"{own}/api/v1/components").stdout
    before = task_ids(other)
    assert other.bonkei("fault", "start", "kill", "backend").returncode == 0
    eventually(lambda: task_ids(other) - before and other.status()["ready"], "it is replaced")
    assert httpx.get(f"{own}/api/v1/components", timeout=ANSWER).status_code == 200
    listening = {
        each.laddr.ip for process in miniature.processes()
        for each in process.net_connections("inet") if each.status == "LISTEN"
    }  # fmt: skip
    assert listening == {"127.0.0.1"}


def task_ids(project: Project) -> set[str]:
    return {each["id"] for each in project.status()["tasks"]["tasks"]}


def test_detached_and_down(project: Project, detached: subprocess.CompletedProcess[str]) -> None:
    assert detached.returncode == 0, detached.stdout + detached.stderr
    assert project.site in detached.stdout
    assert over_http.get(project.site, timeout=ANSWER).status_code == 200
    stopped = project.bonkei("down")
    assert stopped.returncode == 0
    with pytest.raises(httpx.ConnectError):
        over_http.get(project.site, timeout=ANSWER)
    again = project.bonkei("down")
    assert again.returncode == 1
    assert "no miniature runs here" in again.stderr


def test_what_a_router_had_for_a_second_survives_sigkill(
    project: Project, written: Written
) -> None:
    """The miniature was killed under load, started again, and stopped."""
    arrived = set()
    for where in ("s3", "cloudwatch"):
        said = project.bonkei("logs", "--json", "--since", "1h", "--destination", where)
        records = [json.loads(line)["record"] or {} for line in said.stdout.splitlines()]
        arrived |= {record.get("path", record.get("message")) for record in records}
    lost = written.lost(arrived)
    print(f"\n{len(lost)} of {len(written.at)} records lost, of the last {max(lost, default=0)} s")
    assert len(written.at) > 500
    assert max(lost, default=0.0) < 2.0


@pytest.mark.parametrize(
    ("variable", "port"), [("BONKEI_EDGE_PORT", "edge"), ("BONKEI_ALB_PORT", "alb")]
)
def test_a_port_in_use(project: Project, variable: str, port: str) -> None:
    number = project.edge_port if port == "edge" else project.alb_port
    with socket.socket() as squatter:
        squatter.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        squatter.bind(("127.0.0.1", number))
        squatter.listen()
        outcome = project.bonkei("up")
    assert outcome.returncode == 1
    assert str(number) in outcome.stderr
    assert variable in outcome.stderr


def test_broken_definitions_are_reported_with_file_and_line(small: Project) -> None:
    small.edit("deploy/main.tf", "aws_vpc.main.id", "aws_vpc.main.idd")
    outcome = small.bonkei("up")
    written = (small.folder / "deploy/main.tf").read_text().splitlines()
    assert outcome.returncode == 1
    assert "deploy/main.tf" in outcome.stderr
    assert '"idd"' in outcome.stderr
    first = next(number for number, line in enumerate(written, 1) if "main.idd" in line)
    assert f"line {first}," in outcome.stderr


def test_a_project_without_settings(tmp_path: Path) -> None:
    outcome = Project(tmp_path, tmp_path / "home").bonkei("up")
    assert outcome.returncode == 1
    assert "there is no bonkei.toml" in outcome.stderr


def test_a_missing_terraform(other: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BONKEI_TERRAFORM", "/nowhere/terraform")
    outcome = other.bonkei("validate")
    assert outcome.returncode == 1
    assert "BONKEI_TERRAFORM" in outcome.stderr


def test_reset_removes_everything(other: Project) -> None:
    """Of the miniature that ran beside another one; while it ran, this was refused."""
    assert other.home.exists()
    assert other.bonkei("reset", "--yes").returncode == 0
    assert not other.home.exists()


def test_ctrl_c_while_terraform_runs(small: Project) -> None:
    """In a new home, where Terraform has everything to do."""
    with starting(small) as miniature:
        eventually((small.home / "terraform").exists, "Terraform has begun")
        assert miniature.interrupt() == 0
    with running(small):
        answer = over_http.get(f"{small.load_balancer}/shop/1", timeout=ANSWER)
        assert answer.status_code == 200
