"""The process that serves the providers to Terraform.

Terraform opens one connection for each provider block it evaluates and configures it once; the
blocks differ in region and tags. So each connection has its own servicer.

Everything is in one directory of mode 0700: no other user of the machine can connect.
"""

from __future__ import annotations

import asyncio
import re
import socket
import threading
import traceback
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

from bonkei.definitions.provider.addresses import AWS
from bonkei.definitions.provider.behaviour import Problem
from bonkei.definitions.provider.plugin import wire
from bonkei.definitions.provider.plugin.calls import Connection, Methods
from bonkei.definitions.provider.plugin.protocol import message
from bonkei.definitions.provider.plugin.selection import Selection
from bonkei.definitions.provider.plugin.servicer import Servicer
from bonkei.definitions.provider.provider import Provider
from bonkei.definitions.provider.schema import Block
from bonkei.definitions.provider.surroundings import Surroundings

_OPERATIONS = (
    "GetMetadata",
    "ValidateProviderConfig",
    "ConfigureProvider",
    "ValidateResourceConfig",
    "ValidateDataResourceConfig",
    "UpgradeResourceState",
    "ReadResource",
    "PlanResourceChange",
    "ApplyResourceChange",
    "ImportResourceState",
    "MoveResourceState",
    "ReadDataSource",
    "ValidateEphemeralResourceConfig",
    "OpenEphemeralResource",
    "GetFunctions",
    "CallFunction",
    "GetResourceIdentitySchemas",
    "UpgradeResourceIdentity",
)
_WITHOUT_CONTENT = (
    "CloseEphemeralResource",
    "StopProvider",
)


async def serve(
    providers: Mapping[str, Provider],
    surroundings: Surroundings,
    sockets: Mapping[str, socket.socket],
    types_are_there: asyncio.Event,
) -> None:
    """Serve until cancelled, on the listening socket of each address.

    A Terraform that connects before the types are there waits for its first answer.
    """
    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(max_workers=8) as pool:
        servers = []
        for address, listening in sockets.items():
            # AWS's answers are decisions; those of the small providers may wait for a program.
            endpoint = _Endpoint(providers[address], surroundings, None if address == AWS else pool)
            if endpoint.is_selected:
                await types_are_there.wait()
                endpoint.schema()  # while Terraform reads the definitions
            servers.append(await loop.create_unix_server(endpoint.connection, sock=listening))
        try:
            await asyncio.gather(*(server.serve_forever() for server in servers))
        finally:
            for server in servers:
                server.close()


class _Endpoint:
    """One provider's socket. The schema is the same for all connections: serialized once."""

    def __init__(
        self, provider: Provider, surroundings: Surroundings, pool: ThreadPoolExecutor | None
    ) -> None:
        self._provider = provider
        self._surroundings = surroundings
        self._pool = pool
        self._paths: dict[bytes, str] = {}
        self._lock = threading.Lock()
        self._schema: bytes | None = None
        types = surroundings.types if provider.schema.address == AWS else None
        self.is_selected = types is not None
        """Whether its schema is that of the types which are needed, once they are known."""
        self._selection = Selection(provider.schema, types)

    def connection(self) -> Connection:
        """A connection with a servicer of its own."""
        return Connection(self._methods(), self._paths, self._pool)

    def _methods(self) -> Methods:
        servicer = Servicer(self._provider, self._surroundings, self._selection)
        methods = {
            **{name: _method(name, getattr(servicer, _snake(name))) for name in _OPERATIONS},
            **{name: _method(name, _empty(name)) for name in _WITHOUT_CONTENT},
            "GetProviderSchema": lambda _request: self.schema(),
        }
        return {f"/tfplugin6.Provider/{name}": answer for name, answer in methods.items()}

    def schema(self) -> bytes:
        """The serialized answer to GetProviderSchema, made once."""
        with self._lock:
            if self._schema is None:
                functions = self._provider.functions
                self._schema = wire.provider_schema(self._selection.schema, functions)
            return self._schema


def _method(name: str, answer: Callable[[Any], Any]) -> Callable[[bytes], bytes]:
    read = message(f"{name}.Request").FromString
    return lambda request: bytes(_answered(name, answer, read(request)).SerializeToString())


def _answered(name: str, answer: Callable[[Any], Any], request: Any) -> Any:
    """The answer, or an error message after a fault of ours."""
    try:
        return answer(request)
    except Exception as error:
        traceback.print_exc()
        response = message(f"{name}.Response")()
        if not hasattr(response, "diagnostics"):
            raise
        subject = getattr(request, "type_name", "") or "the provider"
        detail = f"{type(error).__name__}: {error}\nThis is a fault in Bonkei; its log has more."
        problem = Problem((), f"{name} failed for {subject}", detail)
        response.diagnostics.extend(wire.diagnostics([problem], Block()))
        return response


def _empty(name: str) -> Callable[[Any], Any]:
    response = message(f"{name}.Response")
    return lambda _: response()


@cache
def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
