"""The cost of a decision about a permission, over the roles and resources of this repository.

The policies of the role, of its boundary and of the resource decide about each call. For a call
from a task in the VPC, the endpoint's policy decides, too.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import uvloop

from bonkei import blueprint as blueprints
from bonkei.analysis.policy import Policies, Policy, Principal, Request, decide
from bonkei.analysis.policy.needs import needs_of
from bonkei.base.aws_service import Caller
from bonkei.blueprint import Blueprint
from bonkei.blueprint.iam import PolicyStatement
from bonkei.definitions.terraform.workspace import Workspace
from bonkei.miniature.parts.network.gates import Gates, Way
from bonkei.services.endpoint.permission.authorizer import Authorizer
from bonkei.services.endpoint.permission.estate import Estate
from bonkei.services.endpoint.permission.ledger import Ledger
from bonkei.services.endpoint.permission.network import NetworkWays
from bonkei.services.endpoint.permission.requirement import Place, Requirement
from tests.support.ports import free_port

ROOT = Path(__file__).resolve().parents[1]
ACCOUNT, REGION = "123456789012", "ap-northeast-1"
SECONDS = 3.0
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Ask:
    caller: Caller
    requirement: Requirement


def main() -> None:
    """Print decisions a second of one CPU, how long one takes, and what a gate costs."""
    blueprint = _blueprint()
    asks = list(_asks(blueprint))
    print("| what is decided | a second of one CPU | median | p99 |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory() as directory:
        authorizer = Authorizer("on", Ledger(Path(directory)))
        authorizer.use(Estate(blueprint, Place(ACCOUNT, REGION)))
        network = NetworkWays("on")
        network.use(blueprint)

        def whole(ask: _Ask) -> None:
            via = network.via(ask.caller, ask.requirement.action.partition(":")[0], REGION)
            list(authorizer.denials(ask.caller, (ask.requirement,), 1.8e9, via))

        _row(f"{len(asks)} asks of {len(blueprint.roles)} roles, as the endpoint does", whole, asks)
    deep = _deep()
    _row("a policy of 64 KB, 1,000 statements", lambda ask: decide(ask, deep[1]), [deep[0]])
    wild = _wild()
    _row("`a*a*a*…b` of 2 KB on 2 KB of `a`", lambda ask: decide(ask, wild[1]), [wild[0]])
    print("\n| a round trip of 100 bytes to a server | median | p99 |\n|---|---|---|")
    uvloop.run(_gates())


async def _gates() -> None:
    """The server and the client are processes of their own; the gate is this one, as in the
    miniature."""
    server = await _python(_SERVER)
    port = int(await server.stdout.readline())  # type: ignore[union-attr]
    own = free_port()
    gates = Gates("on", print)
    await gates.follow([Way("app", "db", "127.0.0.1", own, ("127.0.0.1", port))])
    for name, where in (("directly", port), ("through a gate", own)):
        client = await _python(_CLIENT, str(where))
        answer = (await client.communicate())[0].decode().split()
        print(f"| {name} | {answer[0]} µs | {answer[1]} µs |")
    await gates.stop()
    server.kill()
    await server.wait()


async def _python(code: str, *arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, *arguments, stdout=asyncio.subprocess.PIPE
    )


_SERVER = """
import socket
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
while True:
    connection, _ = listener.accept()
    while data := connection.recv(65536):
        connection.sendall(data)
"""
_CLIENT = """
import socket, sys, time
connection = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
taken = []
for _ in range(5000):
    began = time.perf_counter()
    connection.sendall(b"x" * 100)
    connection.recv(65536)
    taken.append(time.perf_counter() - began)
taken.sort()
print(round(taken[2500] * 1e6), round(taken[4950] * 1e6))
"""


def _row(name: str, decide_one: Callable[[T], object], asks: Sequence[T]) -> None:
    """One line of the table."""
    for ask in asks:
        decide_one(ask)  # prepared once, as for each blueprint
    taken: list[float] = []
    end, used = time.perf_counter() + SECONDS, time.process_time()
    while time.perf_counter() < end:
        for ask in asks:
            began = time.perf_counter()
            decide_one(ask)
            taken.append(time.perf_counter() - began)
    rate = len(taken) / (time.process_time() - used)
    taken.sort()
    median, most = taken[len(taken) // 2], taken[int(len(taken) * 0.99)]
    print(f"| {name} | {rate:,.0f} | {median * 1e6:.0f} µs | {most * 1e6:.0f} µs |")


def _blueprint() -> Blueprint:
    with tempfile.TemporaryDirectory() as home:
        definitions = ROOT / "infrastructure"
        workspace = Workspace(
            definitions, Path(home), [definitions / "environments" / "development.tfvars"]
        )
        workspace.apply()
        return blueprints.read(workspace.state())


def _asks(blueprint: Blueprint) -> list[_Ask]:
    """The calls that AWS makes as each role."""
    found: list[_Ask] = []
    for role in blueprint.roles:
        named = [each.name for each in blueprint.services if role.name == f"{each.name}-task"]
        source = f"task {named[0]}" if named else ""
        session = role.arn.replace(":iam:", ":sts:").replace(":role/", ":assumed-role/") + "/bench"
        caller = Caller(session, "AROA:bench", ACCOUNT, role.arn, source)
        found += [
            _Ask(caller, Requirement(need.action, need.resource, context=need.context))
            for need in needs_of(role.arn, blueprint)
        ]
    return found


_ROLE = f"arn:aws:iam::{ACCOUNT}:role/a"
_CALLER = Principal(f"arn:aws:sts::{ACCOUNT}:assumed-role/a/b", ACCOUNT, _ROLE)


def _deep() -> tuple[Request, Policies]:
    statements = [
        PolicyStatement("x", "Allow", ("s3:Get*",), resources=(f"arn:aws:s3:::bucket-{n}/*",))
        for n in range(1_000)
    ]
    return Request(_CALLER, "s3:GetObject", "arn:aws:s3:::last/a"), Policies(Policy(statements))


def _wild() -> tuple[Request, Policies]:
    pattern = "arn:aws:s3:::" + "a*" * 1_000 + "b"
    statement = PolicyStatement("x", "Allow", ("s3:*",), resources=(pattern,))
    request = Request(_CALLER, "s3:GetObject", "arn:aws:s3:::" + "a" * 2_000)
    return request, Policies(Policy([statement]))
