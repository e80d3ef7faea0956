"""Programs that choose their own port: adapted if possible, otherwise reported."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from ports import free_port

from bonkei.base.events import Endpoint, TargetRegistered, TaskStateChanged
from bonkei.base.processes.listening import Listener, kernel_ports
from bonkei.base.processes.roots import why_not_confined
from bonkei.base.vault import MemoryVault
from bonkei.blueprint.ecs import Container, ContainerHealthCheck, PortMapping
from bonkei.services.ecs.execution.environment import (
    Surroundings,
    build_environment,
    translate_command,
)
from bonkei.services.ecs.execution.listened_ports import listened_ports, until_listening
from bonkei.services.ecs.images.local import local_task

from .conftest import TARGETS, blueprint, definition, steady, until, web_container

OBSTACLE = why_not_confined(Path("/tmp/roots"))  # noqa: S108

FIXED = """
    import http.server, sys
    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_): pass
    http.server.HTTPServer((sys.argv[1], int(sys.argv[2])), Handler).serve_forever()
"""

SLOW = """
    import os, socket, time
    time.sleep(0.5)
    server = socket.create_server(("127.0.0.1", int(os.environ["PORT"])))
    while True:
        server.accept()
"""


@pytest.mark.parametrize(
    ("word", "here"),
    [
        ("8000", "25001"),
        ("--port=8000", "--port=25001"),
        ("0.0.0.0:8000", "127.0.0.1:25001"),
        ("--bind=:8000", "--bind=127.0.0.1:25001"),
        ("[::]:8000", "127.0.0.1:25001"),
        ("0.0.0.0", "127.0.0.1"),
        ("--host=::", "--host=127.0.0.1"),
        ("exec app --host 0.0.0.0 --port 8000", "exec app --host 127.0.0.1 --port 25001"),
        ("app -p '8000' -a \"9000\"", "app -p '25001' -a \"25002\""),
        ("18000", "18000"),
        ("8000.5", "8000.5"),
        ("v8000", "v8000"),
        ("http://other:8000/", "http://other:8000/"),
        ("other:8000", "other:8000"),
        ("10.0.0.0", "10.0.0.0"),
        ("a::b", "a::b"),
    ],
)
def test_the_ports_and_addresses_of_a_command(tmp_path, word, here):
    ports = (PortMapping(8000, "http"), PortMapping(9000, "admin"))
    container = Container("web", "web:1", command=("app", word), port_mappings=ports)
    local = local_task(definition(container), {"web": tmp_path}, serving=frozenset())
    endpoints = {
        ("web", 8000): Endpoint("127.0.0.1", 25001),
        ("web", 9000): Endpoint("127.0.0.1", 25002),
    }
    assert translate_command(word, local.containers[0], endpoints) == here


class Here:
    """The site is at a port of this machine that is a container's, too."""

    def translate_all(self, values: Mapping[str, str]) -> Mapping[str, str]:
        site = "http://127.0.0.1:8000"
        return {n: value.replace("https://site.example", site) for n, value in values.items()}

    def of(self, caller: str) -> Here:
        return self


def test_a_port_here_is_not_taken_for_the_containers(tmp_path):
    variables = (("SITE", "https://site.example"), ("OWN", "http://localhost:8000"))
    ports = (PortMapping(8000),)
    secret = "arn:aws:secretsmanager:eu-west-1:1:secret:key-AbCdEf"
    container = Container(
        "web", "web:1", command=("app",), environment=variables, port_mappings=ports,
        secrets=(("URL", secret),),
    )  # fmt: skip
    local = local_task(definition(container), {"web": tmp_path}, serving=frozenset())
    around = Surroundings(tmp_path, {("web", 8000): Endpoint("127.0.0.1", 25001)})
    arn = "arn:aws:ecs:eu-west-1:1:task-definition/web:1"
    vault = MemoryVault({secret: "https://site.example/1"})
    made = build_environment(local.containers[0], arn, around, Here(), vault)
    assert (made["SITE"], made["OWN"]) == ("http://127.0.0.1:8000", "http://127.0.0.1:25001")
    assert made["URL"] == "http://127.0.0.1:8000/1"


async def test_a_command_with_its_own_port_serves(tasks, edge, web):
    web.write(FIXED)
    command = ("python3", "/app/main.py", "0.0.0.0", "8000")
    await tasks.reconcile(
        blueprint(definition(web_container(command=command)), desired=2, targets=TARGETS)
    )
    await steady(tasks)
    for registered in edge.of(TargetRegistered):
        host, port = registered.endpoint.host, registered.endpoint.port
        await until(lambda port=port: _is_open(port))
        async with httpx.AsyncClient(trust_env=False, timeout=60) as client:
            assert (await client.get(f"http://{host}:{port}/")).status_code == 200
    one, other = edge.of(TargetRegistered)
    assert one.pid != other.pid
    for registered in (one, other):
        assert Listener(registered.pid).is_reached_at(registered.endpoint)


OWN = """
    import http.server, os, socket, sys
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200); self.end_headers(); self.wfile.write(str(os.getpid()).encode())
        def log_message(self, *_): pass
    class Server(http.server.HTTPServer):
        address_family = socket.AF_INET6 if ":" in HOST else socket.AF_INET
    Server((HOST, PORT), Handler).serve_forever()
"""
"""It listens on a port that is fixed in its code."""
ASK = """
    import sys, time, urllib.request
    while True:
        try:
            answer = urllib.request.urlopen("http://localhost:PORT/").read()
        except OSError as error:
            answer = error
        print("asked:", answer, flush=True)
        time.sleep(0.1)
"""


@pytest.mark.skipif(bool(OBSTACLE), reason=OBSTACLE)
@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
async def test_a_port_that_is_fixed_in_the_code_is_each_tasks_own(
    tasks, edge, web, program, logs, host
):
    """Two tasks of one service listen on one port, and a further one that no definition has. The
    containers of a task reach each other by it, and so do their health checks."""
    for each, port in ((web, 8000), (program("sidecar"), fixed := free_port())):
        each.write(OWN.replace("HOST", repr(host)).replace("PORT", str(port)))
    check = "import urllib.request as r; r.urlopen('http://localhost:8000/')"
    health = ContainerHealthCheck(("CMD", "python3", "-c", check), interval=1, timeout=9)
    program("job").write(ASK.replace("PORT", str(fixed)))
    containers = (
        web_container(health_check=health),
        Container("sidecar", "sidecar:1", essential=False),
        Container("job", "job:1", essential=False),
    )
    await tasks.reconcile(blueprint(definition(*containers), desired=2, targets=TARGETS))
    await until(lambda: [task.health for task in tasks.snapshot().tasks] == ["HEALTHY"] * 2)
    answers = set()
    for registered in edge.of(TargetRegistered):
        assert Listener(registered.pid).is_reached_at(registered.endpoint)
        async with httpx.AsyncClient(trust_env=False, timeout=60) as client:
            answers.add((await client.get(f"http://127.0.0.1:{registered.endpoint.port}/")).text)
    assert answers == {str(registered.pid) for registered in edge.of(TargetRegistered)}
    # A busy machine may start a container that nothing waits for after the first health check.
    await until(lambda: all("sidecar" in dict(task.pids) for task in tasks.snapshot().tasks))
    sidecars = [dict(task.pids)["sidecar"] for task in tasks.snapshot().tasks]
    await until(lambda: {*logs.texts("job")} >= {f"asked: b'{pid}'" for pid in sidecars})


@pytest.mark.skipif(bool(OBSTACLE), reason=OBSTACLE)
async def test_another_part_with_the_port_of_a_task_is_reached(tasks, edge, web, program, logs):
    """A service of Service Connect mostly listens on the port that its callers listen on, too."""
    web.write(OWN.replace("HOST", "'0.0.0.0'").replace("PORT", "8000"))
    program("job").write(
        """
        import socket, time
        while True:
            with socket.create_connection(("127.77.255.1", 8000)) as asked:
                print("told:", asked.recv(9), flush=True)
            time.sleep(0.1)
        """
    )

    async def tell(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"elsewhere")
        writer.close()

    elsewhere = await asyncio.start_server(tell, "127.77.255.1", 8000)
    async with elsewhere:
        job = Container("job", "job:1", essential=False)
        await tasks.reconcile(blueprint(definition(web_container(), job), targets=TARGETS))
        await until(lambda: "told: b'elsewhere'" in logs.texts("job"))


def _is_open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux shows the table of sockets")
@pytest.mark.parametrize(
    ("family", "host"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")]
)
@pytest.mark.parametrize("answers", [True, False])
async def test_the_first_listening_is_seen_without_a_connection(family, host, answers, monkeypatch):
    """Also by the tables in /proc, where the kernel does not list its sockets."""
    if not answers:
        monkeypatch.setattr("bonkei.base.processes.listening._SOCK_DIAG_BY_FAMILY", 9999)
        with pytest.raises(OSError, match="does not list"):
            kernel_ports()
    port = free_port()
    # Who listens is not known, so nothing is refused.
    assert Listener(1).is_reached_at(Endpoint("127.0.0.1", port)) is not answers
    assert not await until_listening([port], 0.1)
    with socket.socket(family) as server:
        server.bind((host, port))
        assert not await until_listening([port], 0.1)  # bound, and does not listen
        waiting = asyncio.create_task(until_listening([1, port], 60))
        await asyncio.sleep(0.1)
        server.listen()
        assert await waiting
        server.setblocking(False)
        with pytest.raises(BlockingIOError):
            server.accept()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lists its sockets")
def test_the_kernel_lists_what_listens_and_no_connection():
    with ExitStack() as stack:
        servers = [
            stack.enter_context(socket.create_server((host, 0), family=family))
            for family, host in [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")] * 300
        ]
        ports = {server.getsockname()[1] for server in servers}
        listened = {*kernel_ports().values()}
        assert ports <= listened  # more than one part of an answer
        client = stack.enter_context(socket.create_connection(servers[0].getsockname()))
        assert client.getsockname()[1] not in kernel_ports().values()


CHILD = """
import socket, subprocess, sys
server = socket.create_server(("127.0.0.1", 0), backlog=5)
other = socket.create_server(("::1", 0), family=socket.AF_INET6)
bound = socket.socket()
bound.bind(("127.0.0.1", 0))
client = socket.create_connection(server.getsockname())
print(*(each.getsockname()[1] for each in (server, other, bound, client)), flush=True)
if len(sys.argv) == 1:
    subprocess.run([sys.executable, "-c", PROGRAM, "below"])
else:
    sys.stdin.read()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lists its sockets")
@pytest.mark.parametrize("answers", [True, False])
def test_the_ports_of_a_process_and_those_below_it(answers, monkeypatch):
    """Also where the kernel does not list its sockets. Ports of others are not among them, nor
    those that are bound or connected. The tables, which have all connections, are not read."""
    if answers:
        monkeypatch.delattr("psutil.Process.net_connections")
    else:
        monkeypatch.setattr("bonkei.base.processes.listening._SOCK_DIAG_BY_FAMILY", 9999)
    program = f"PROGRAM = {CHILD!r}\n{CHILD}"
    with (
        socket.create_server(("127.0.0.1", 0)),
        subprocess.Popen(
            [sys.executable, "-c", program],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        ) as process,
    ):  # fmt: skip
        assert process.stdout is not None
        lines = [process.stdout.readline().split() for _ in "12"]
        found = listened_ports(process.pid)
        process.communicate()
    assert found == {int(port) for line in lines for port in line[:2]}
    assert listened_ports(process.pid) == set()


async def test_a_container_is_healthy_when_it_listens(tasks, edge, web, monkeypatch):
    """The early probes alone would come 0.3, 0.75, 1.4, 2.4 and 4 s after the start."""
    monkeypatch.setattr("bonkei.services.ecs.scheduling.container_health.FIRST_GAP", 300.0)
    web.write(SLOW)
    command = ("CMD", "bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/$PORT")
    check = ContainerHealthCheck(command, interval=300, timeout=60, retries=3)
    await tasks.reconcile(blueprint(definition(web_container(health_check=check))))
    await until(lambda: [task.health for task in tasks.snapshot().tasks] == ["HEALTHY"])


async def test_a_program_that_ignores_port_is_reported(tasks, edge, web, monkeypatch):
    monkeypatch.setattr("bonkei.services.ecs.execution.executor.LOOKS", (0.3,) * 200)
    own = free_port()
    web.write(FIXED.replace("int(sys.argv[2])", str(own)).replace("sys.argv[1]", '"127.0.0.1"'))
    edge.automatic = False  # nothing finds it healthy
    await tasks.reconcile(blueprint(definition(web_container()), targets=TARGETS))
    await until(lambda: any(task.reason for task in tasks.snapshot().tasks))
    [task] = tasks.snapshot().tasks
    told = task.endpoint.rpartition(":")[2]
    assert task.reason == f"web listens on port {own} and not on {told}, the value of PORT"
    assert edge.of(TaskStateChanged)[-1].reason == task.reason
    tasks.stop_task(task.id, "Tried")
    await until(lambda: task.id in {stopped.id for stopped in tasks.snapshot().stopped})
    reasons = {stopped.id: stopped.reason for stopped in tasks.snapshot().stopped}
    assert reasons[task.id].startswith(f"Tried (web: exit code 143, web listens on port {own} and")


async def test_a_program_that_listens_no_more_stays_reported(tasks, edge, web, monkeypatch):
    looks = []

    def look(pid):
        looks.append(found := listened_ports(pid))
        return found

    monkeypatch.setattr("bonkei.services.ecs.execution.executor.LOOKS", (0.3,) * 200)
    monkeypatch.setattr("bonkei.services.ecs.execution.executor.listened_ports", look)
    web.write(
        """
        import os, socket, time
        first = socket.create_server(("127.0.0.1", 0))
        while not os.path.exists("GATE"):
            time.sleep(0.05)
        first.close()
        time.sleep(600)
        """.replace("GATE", str(web.directory / "gate"))
    )
    await tasks.reconcile(blueprint(definition(web_container()), targets=TARGETS))
    await until(lambda: any(task.reason for task in tasks.snapshot().tasks))
    [before] = tasks.snapshot().tasks
    (web.directory / "gate").touch()
    await until(lambda: looks[-3:] == [set()] * 3)  # what the first had found is reported by now
    assert [task.reason for task in tasks.snapshot().tasks] == [before.reason]


async def test_a_program_that_obeys_late_is_no_longer_reported(tasks, edge, web, monkeypatch):
    monkeypatch.setattr("bonkei.services.ecs.execution.executor.LOOKS", (0.3,) * 200)
    web.write(
        """
        import os, socket, time
        first = socket.create_server(("127.0.0.1", 0))
        while not os.path.exists("GATE"):
            time.sleep(0.05)
        second = socket.create_server(("127.0.0.1", int(os.environ["PORT"])))
        time.sleep(600)
        """.replace("GATE", str(web.directory / "gate"))
    )
    await tasks.reconcile(blueprint(definition(web_container()), targets=TARGETS))
    await until(lambda: any(task.reason for task in tasks.snapshot().tasks))
    (web.directory / "gate").touch()
    await until(lambda: not any(task.reason for task in tasks.snapshot().tasks))
    assert [event.reason for event in edge.of(TaskStateChanged)][-1] == ""
