"""What the provider makes ready, and what it leaves out."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from pathlib import Path

import pytest

from bonkei.definitions.provider.addresses import AWS
from bonkei.definitions.provider.facts import IdentityAttribute
from bonkei.definitions.provider.plugin import wire
from bonkei.definitions.provider.plugin.protocol import message
from bonkei.definitions.provider.plugin.selection import Selection
from bonkei.definitions.provider.plugin.server import serve
from bonkei.definitions.provider.plugin.servicer import Servicer
from bonkei.definitions.provider.provider import Provider
from bonkei.definitions.provider.schema import Attribute, Block, ProviderSchema
from bonkei.definitions.provider.surroundings import Surroundings
from bonkei.definitions.terraform.inputs.types import Named

_BLOCK = Block({"name": Attribute("string", required=True)}, {})
_PARTS = (IdentityAttribute("name", required=True, argument="name"),)
_NAMES = ("aws_queue", "aws_topic")
_PROVIDER = Provider(
    schema=ProviderSchema(AWS, "1.0.0", resources=dict.fromkeys(_NAMES, _BLOCK)),
    identities=dict.fromkeys(_NAMES, _PARTS),
)


@pytest.fixture
def types(tmp_path: Path) -> Path:
    words = frozenset({"aws_topic"})
    file = tmp_path / "types.json"
    Named(words, frozenset(), frozenset(), frozenset()).write(file)
    return file


async def test_the_schema_is_made_before_terraform_asks(
    tmp_path: Path, types: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = asyncio.Event()
    make = wire.provider_schema

    def noted(schema: ProviderSchema, functions: dict[str, object]) -> bytes:
        assert list(schema.resources) == ["aws_topic"]
        made.set()
        return make(schema, {})

    monkeypatch.setattr(wire, "provider_schema", noted)
    types_are_there = asyncio.Event()
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "socket"))
        surroundings = Surroundings(types=types)
        serving = asyncio.create_task(
            serve({AWS: _PROVIDER}, surroundings, {AWS: listening}, types_are_there)
        )
        types_are_there.set()
        async with asyncio.timeout(60):
            await made.wait()
        serving.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await serving


async def test_who_comes_before_the_types_are_there_is_answered_then(
    tmp_path: Path, types: Path
) -> None:
    types_are_there = asyncio.Event()
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "socket"))
        listening.listen()
        serving = asyncio.create_task(
            serve({AWS: _PROVIDER}, Surroundings(types=types), {AWS: listening}, types_are_there)
        )
        reader, writer = await asyncio.open_unix_connection(tmp_path / "socket")
        greeting = asyncio.create_task(reader.readexactly(1))
        assert await asyncio.wait([greeting], timeout=0.2) == (set(), {greeting})
        types_are_there.set()
        async with asyncio.timeout(60):
            await greeting
        writer.close()
        serving.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await serving


def test_the_identities_are_those_of_the_types_that_are_shown(types: Path) -> None:
    asked = message("GetResourceIdentitySchemas.Request")()
    for file, expected in ((types, {"aws_topic"}), (None, set(_NAMES))):
        servicer = Servicer(_PROVIDER, Surroundings(), Selection(_PROVIDER.schema, file))
        answer = servicer.get_resource_identity_schemas(asked)
        assert set(answer.identity_schemas) == expected
