"""Functions with real processes. The packages are made here."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import json
import sys
import zipfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

from aws import AskedAws

from bonkei.base.events import Bus, FunctionMeasured
from bonkei.blueprint import Blueprint
from bonkei.blueprint.lambda_.function import Function
from bonkei.services.lambda_ import host
from bonkei.services.lambda_.functions import Functions, FunctionsSettings, Surroundings
from bonkei.services.lambda_.outcome import Outcome

ROLE = "arn:aws:iam::123456789012:role/worker"


def arn(name: str) -> str:
    return f"arn:aws:lambda:eu-west-1:123456789012:function:{name}"


def package(folder: Path, files: Mapping[str, str]) -> str:
    """Write a zip of these files. Return its name."""
    digest = hashlib.sha256(json.dumps(dict(files)).encode()).hexdigest()[:12]
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(folder / f"{digest}.zip", "w") as zipped:
        for name, content in files.items():
            zipped.writestr(name, content)
    return f"{digest}.zip"


def function(name: str, filename: str, **changes: Any) -> Function:
    usual = Function(
        f"aws_lambda_function.{name}", arn(name), name, "python3.11", "main.handler", ROLE,
        timeout=60.0, memory=128, filename=filename, log_group=f"/aws/lambda/{name}",
    )  # fmt: skip
    return replace(usual, **changes)


@dataclass
class RunningFunctions:
    """Lambda with its functions, and what they have sent."""

    folder: Path
    reports: list[str]
    functions: Functions = field(init=False)
    logged: list[tuple[str, str, str]] = field(default_factory=list)  # group, stream, text
    delivered: list[tuple[str, Any, Mapping[str, str]]] = field(default_factory=list)
    measured: list[FunctionMeasured] = field(default_factory=list)

    def write(self, function: Function, stream: str, events: Sequence[tuple[int, str]]) -> None:
        self.logged += [(function.log_group, stream, text) for _, text in events]

    async def deliver(
        self, role_arn: str, target: str, body: Any, attributes: Mapping[str, str]
    ) -> None:
        assert role_arn == ROLE
        self.delivered.append((target, body, attributes))

    async def call(self, name: str, event: Any) -> Outcome:
        return await self.functions.invoke(arn(name), json.dumps(event).encode())

    @property
    def texts(self) -> list[str]:
        return [text for _, _, text in self.logged]

    async def until(self, count: int) -> None:
        """Wait for this number of deliveries."""
        async with asyncio.timeout(60):
            while len(self.delivered) < count:
                await asyncio.sleep(0.01)


@asynccontextmanager
async def counting(port: int = 0) -> AsyncIterator[tuple[tuple[str, str], ...]]:
    """The variables by which a function finds a server that tells each visitor how many have come
    before. A function sees no file outside of its package."""
    visits = itertools.count()

    async def tell(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(str(next(visits)).encode())
        writer.close()

    async with await asyncio.start_server(tell, "127.0.0.1", port) as server:
        yield (("COUNTING", str(server.sockets[0].getsockname()[1])),)


VISIT = """
import os, socket
def before():
    with socket.create_connection(("127.0.0.1", os.environ["COUNTING"])) as visit:
        return int(visit.recv(9))
"""
"""How many have visited the server of `counting` before."""


async def no_queue(
    role_arn: str, operation: str, parameters: Mapping[str, Any], region: str
) -> Mapping[str, Any]:
    raise AssertionError(operation)


@asynccontextmanager
async def running(
    folder: Path, *declared: Function, pace: float = 1.0, blueprint: Blueprint | None = None
) -> AsyncIterator[RunningFunctions]:
    async def python() -> Path:
        return Path(sys.executable)

    bus = Bus()
    made = RunningFunctions(folder, reports := [])
    given = Surroundings(
        python,
        lambda role, session: {"AWS_ACCESS_KEY_ID": f"of {role.rpartition('/')[2]} {session}"},
        made,
        made.deliver,
        AskedAws(no_queue),
        reports.append,
        lambda _function, values: {
            name: value.replace("db.aws", "127.0.0.1") for name, value in values.items()
        },
    )
    settings = FunctionsSettings(folder / "functions", folder, pace)
    made.functions = Functions(settings, bus, given)
    bus.subscribe(FunctionMeasured, made.measured.append)
    with patch.object(host, "INIT_SECONDS", 60.0):  # a busy machine is not a fault
        try:
            await made.functions.apply(blueprint or Blueprint(functions=declared))
            made.functions.resume()
            yield made
        finally:
            await made.functions.stop()
