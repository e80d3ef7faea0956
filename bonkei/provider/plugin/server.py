"""The process that serves the providers to Terraform.

Terraform opens one connection for each provider block it evaluates and configures it once; the
blocks differ in region and tags. gRPC for Python does not tell connections on a Unix socket apart,
so each accepted connection is relayed to its own gRPC server with its own servicer.

Everything is in one directory of mode 0700: no other user of the machine can connect.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import re
import socket
import threading
import traceback
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc

from bonkei.provider.addresses import AWS
from bonkei.provider.behaviour import Problem
from bonkei.provider.plugin import wire
from bonkei.provider.plugin.protocol import message
from bonkei.provider.plugin.selection import selected
from bonkei.provider.plugin.servicer import Servicer
from bonkei.provider.provider import Provider
from bonkei.provider.schema import Block
from bonkei.provider.surroundings import Surroundings

_CHUNK = 1 << 18
_UNLIMITED = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]

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
) -> None:
    """Serve until cancelled, on the listening socket of each address."""
    with ThreadPoolExecutor(max_workers=8) as pool:
        servers = []
        for address, listening in sockets.items():
            path = Path(listening.getsockname()).with_suffix("")
            endpoint = _Endpoint(providers[address], surroundings, pool, path)
            servers.append(await asyncio.start_unix_server(endpoint.relay, sock=listening))
        try:
            await asyncio.gather(*(server.serve_forever() for server in servers))
        finally:
            for server in servers:
                server.close()


class _Endpoint:
    """One provider's socket. The schema is the same for all connections: serialized once."""

    def __init__(
        self, provider: Provider, surroundings: Surroundings, pool: ThreadPoolExecutor, path: Path
    ) -> None:
        self._provider = provider
        self._surroundings = surroundings
        self._pool = pool
        self._path = path
        self._numbers = itertools.count()
        self._lock = threading.Lock()
        self._schema: bytes | None = None

    async def relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Relay one connection of Terraform to its own server, until either side ends."""
        inner = Path(f"{self._path}-{next(self._numbers)}.sock")
        server = grpc.server(self._pool, options=_UNLIMITED)
        server.add_generic_rpc_handlers((self._handlers(),))
        server.add_insecure_port(f"unix:{inner}")
        server.start()
        try:
            inner_reader, inner_writer = await asyncio.open_unix_connection(inner)
            await asyncio.gather(_pump(reader, inner_writer), _pump(inner_reader, writer))
        except asyncio.CancelledError:
            writer.close()  # the process ends; asyncio reports a cancelled callback as a fault
        finally:
            server.stop(grace=None)
            inner.unlink(missing_ok=True)  # noqa: ASYNC240 -- a socket, on no slow disk

    def _handlers(self) -> Any:
        servicer = Servicer(self._provider, self._surroundings)
        methods = {name: _method(name, getattr(servicer, _snake(name))) for name in _OPERATIONS}
        for name in _WITHOUT_CONTENT:
            methods[name] = _method(name, _empty(name))
        methods["GetProviderSchema"] = grpc.unary_unary_rpc_method_handler(
            lambda _request, _context: self._schema_bytes()
        )
        return grpc.method_handlers_generic_handler("tfplugin6.Provider", methods)

    def _schema_bytes(self) -> bytes:
        with self._lock:
            if self._schema is None:
                schema = self._provider.schema
                if schema.address == AWS:
                    schema = selected(schema, self._surroundings.types)
                self._schema = wire.provider_schema(schema, self._provider.functions)
            return self._schema


def _method(name: str, answer: Callable[[Any], Any]) -> Any:
    return grpc.unary_unary_rpc_method_handler(
        lambda request, _context: _answered(name, answer, request),
        request_deserializer=message(f"{name}.Request").FromString,
        response_serializer=message(f"{name}.Response").SerializeToString,
    )


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


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(_CHUNK):
            writer.write(data)
            await writer.drain()
    with contextlib.suppress(ConnectionError):
        writer.close()
        await writer.wait_closed()
