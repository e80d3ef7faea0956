"""A finished request, as the edge knows it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, Protocol

Headers = Iterable[tuple[bytes, bytes, bytes]]
"""A header's name in lower case, its value, and its original line."""


class Verdict(Protocol):
    """The decision of a web ACL (its ARN)."""

    @property
    def acl(self) -> str: ...
    @property
    def rule(self) -> str: ...
    @property
    def blocks(self) -> bool: ...
    @property
    def counted(self) -> tuple[str, ...]: ...
    @property
    def labels(self) -> tuple[str, ...]: ...


class Access(Protocol):
    """The edge's access record, as a Protocol: services do not import each other."""

    @property
    def listener(self) -> str: ...
    @property
    def client(self) -> str: ...
    @property
    def client_port(self) -> int: ...
    @property
    def method(self) -> str: ...
    @property
    def target(self) -> str: ...
    @property
    def host(self) -> str: ...
    @property
    def user_agent(self) -> str: ...
    @property
    def status(self) -> int: ...
    @property
    def received_bytes(self) -> int: ...
    @property
    def sent_bytes(self) -> int: ...
    @property
    def seconds(self) -> float: ...
    @property
    def target_group_arn(self) -> str: ...
    @property
    def task_id(self) -> str: ...
    @property
    def rule(self) -> str: ...
    @property
    def trace_id(self) -> str: ...
    @property
    def cache_result(self) -> str: ...
    @property
    def blocked_by(self) -> str: ...
    @property
    def redirect_url(self) -> str: ...
    @property
    def headers(self) -> Headers: ...
    @property
    def inspections(self) -> Sequence[tuple[Verdict, Headers]]: ...
    @property
    def connection(self) -> int: ...
    @property
    def edge_id(self) -> str: ...


class Kind(Protocol):
    """What finished requests have in common, as the record `sample` has it. They differ only in the
    members of a row."""

    @property
    def sample(self) -> Access: ...

    def record(self, row: Any) -> Access:
        """The whole record of a row."""


Row = tuple[
    Kind, int, str, Headers, Sequence[tuple[Verdict, Headers]], int, int, float, str, int, str, str
]
"""A finished request: its kind, client port, target, headers, inspections, received bytes, sent
bytes, seconds, trace id, connection, edge id, retries."""

Together = Sequence[tuple[float, Sequence[Row]]]
"""Finished requests in their order: the times (Unix seconds), and the requests of each time."""


class Finished(NamedTuple):
    """`time`: when it was, in Unix seconds."""

    time: float
    access: Access


def connection_of(row: Row) -> int:
    """The unique number of the client's connection."""
    return row[9]


def headers_of(headers: Headers) -> list[tuple[str, str]]:
    """Names in their original spelling, and values."""
    return [
        (line.partition(b":")[0].decode("latin-1"), value.decode("latin-1"))
        for _, value, line in headers
    ]


def header(headers: Headers, name: bytes) -> str:
    """The values of a header (its name in lower case), joined by commas."""
    return ", ".join(value.decode("latin-1") for each, value, _ in headers if each == name)
