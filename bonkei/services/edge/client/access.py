"""Records of finished requests: the source of access logs and request metrics.

Under load most requests are of one kind. So a record is handed over as a row: its kind, and what
differs. A `Kind` makes a whole record of a row for those who read only some.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from bonkei.services.edge.http.exchange import Exchange
from bonkei.services.edge.http.firewall import Inspections
from bonkei.services.edge.http.message import Header

_KINDS = 1_000
_BYTES = 128 * 1024  # of their headers, which a kind and what is made of it hold several times


class AccessRecord(NamedTuple):
    """One finished request, as the outermost layer saw it. A `status` of 0 means that the client
    left before the response (460 in a load balancer's log). Sizes are of bodies, in bytes."""

    listener: str  # the Terraform address of the distribution or listener
    client: str
    client_port: int
    method: str
    target: str
    host: str
    user_agent: str
    status: int
    received_bytes: int
    sent_bytes: int
    seconds: float
    target_group_arn: str = ""
    task_id: str = ""
    rule: str = ""  # the ARN of the listener rule
    trace_id: str = ""
    cache_result: str = ""  # Hit | RefreshHit | Miss | Error, for a distribution
    blocked_by: str = ""  # the name of the web ACL's rule; `host` for a Host that is not ours
    redirect_url: str = ""  # of a load balancer's redirect
    headers: Sequence[Header] = ()  # the client's
    inspections: Inspections = ()  # of the web ACLs, with the headers that each one saw
    connection: int = 0  # the unique number of the client's connection
    edge_id: str = ""  # X-Amz-Cf-Id, of a distribution
    retries: str = ""  # how often another connection or another target was tried; empty for never


Row = tuple["Kind", int, str, Sequence[Header], Inspections, int, int, float, str, int, str, str]
"""A finished request: its kind, and the members of its record that its kind does not have: client
port, target, headers, inspections, received bytes, sent bytes, seconds, trace id, connection, edge
id, retries. A plain tuple, because one is made for each request."""

RECEIVED: Final = 5
SENT: Final = 6
SECONDS: Final = 7
"""Where a row has them."""


class Kind:
    """All that the records of requests have in common that came from one client with one method,
    Host and User-Agent, went the same way and got the same status, as in the record `sample`, which
    has no target and no headers. Listeners keep under it what they compute from these values."""

    __slots__ = ("sample",)

    def __init__(self, sample: AccessRecord) -> None:
        self.sample = sample

    def record(self, row: Row) -> AccessRecord:
        """The whole record of a row of this kind."""
        (
            _, client_port, target, headers, inspections, received, sent, seconds, trace_id,
            connection, edge_id, retries,
        ) = row  # fmt: skip
        return self.sample._replace(
            client_port=client_port,
            target=target,
            headers=headers,
            inspections=inspections,
            received_bytes=received,
            sent_bytes=sent,
            seconds=seconds,
            trace_id=trace_id,
            connection=connection,
            edge_id=edge_id,
            retries=retries,
        )


class Kinds:
    """The kinds of lately finished requests, a bounded number of them. A client chooses how long
    its headers are, so their bytes are bounded, too."""

    __slots__ = ("_bytes", "_kinds")

    def __init__(self) -> None:
        self._bytes = 0  # of the headers that they have
        self._kinds: dict[object, Kind] = {}

    def of(self, exchange: Exchange, listener: str) -> Kind:
        """The kind of a finished exchange: the same object for all of that kind."""
        request, seen = exchange.request, exchange.inspections
        way = (
            exchange.status, exchange.task_id, exchange.rule, exchange.cache_result,
            exchange.group_arn, exchange.blocked_by, exchange.redirect_url, listener,
        )  # fmt: skip
        fields = request.fields
        # A kind holds its verdicts, so no other verdict has their numbers while it is kept.
        verdicts = id(seen[0][0]) if len(seen) == 1 else tuple([id(each) for each, _ in seen])
        host, agent = fields.get(b"host", b""), fields.get(b"user-agent", b"")
        key = (way, request.client, request.method, host, agent, verdicts)
        kind = self._kinds.get(key)
        if kind is None:
            size = len(host) + len(agent) + len(exchange.redirect_url)
            if len(self._kinds) >= _KINDS or self._bytes + size > _BYTES:
                self._kinds.clear()
                self._bytes = 0
            self._bytes += size
            record = access_record(exchange, 0.0, listener, 0, 0)
            # Without headers, which may be long.
            shown = tuple([(verdict, list[Header]()) for verdict, _ in seen])
            kind = Kind(record._replace(target="", headers=(), inspections=shown))
            self._kinds[key] = kind
        return kind


AccessHook = Callable[[Sequence[Row]], None]
"""Called on the event loop with the requests that one turn of it has finished; it must neither
block nor raise."""


class Journal:
    """Gives finished requests to a hook, those of one turn of the event loop together."""

    def __init__(self, hook: AccessHook, soon: Callable[[Callable[[], None]], object]) -> None:
        self._hook = hook
        self._soon = soon
        self._kinds = Kinds()
        self._new: list[Row] = []

    def add(
        self, exchange: Exchange, now: float, listener: str, client_port: int, connection: int
    ) -> None:
        """A finished exchange; `now` is a time of the event loop's clock."""
        new = self._new
        if not new:
            self._soon(self.flush)
        request, retries = exchange.request, exchange.retries
        target = request.shown
        if target is None:
            target = request.shown = request.target.decode("latin-1")
        new.append(
            (
                self._kinds.of(exchange, listener),
                client_port,
                target,
                request.headers,
                exchange.inspections,
                exchange.received,
                exchange.sent,
                now - exchange.started,
                exchange.trace_id.decode("latin-1"),
                connection,
                exchange.identity[1].decode(),
                str(retries) if retries else "",
            )
        )

    def flush(self) -> None:
        """Give the hook what there is."""
        new, self._new = self._new, []
        if new:
            self._hook(new)


def access_record(
    exchange: Exchange, now: float, listener: str, client_port: int, connection: int
) -> AccessRecord:
    """The whole record of a finished exchange; `now` is a time of the event loop's clock."""
    request, retries = exchange.request, exchange.retries
    return AccessRecord(
        listener,
        request.client.decode(),
        client_port,
        request.method.decode(),
        request.target.decode("latin-1"),
        request.fields.get(b"host", b"").decode("latin-1"),
        request.fields.get(b"user-agent", b"").decode("latin-1"),
        exchange.status,
        exchange.received,
        exchange.sent,
        now - exchange.started,
        exchange.group_arn,
        exchange.task_id,
        exchange.rule,
        exchange.trace_id.decode("latin-1"),
        exchange.cache_result,
        exchange.blocked_by,
        exchange.redirect_url.decode("latin-1"),
        request.headers,
        exchange.inspections,
        connection,
        exchange.identity[1].decode("latin-1"),
        str(retries) if retries else "",
    )
