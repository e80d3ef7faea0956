"""Records of finished requests: the source of access logs and request metrics."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from bonkei.edge.http.exchange import Exchange
from bonkei.edge.http.firewall import Inspections
from bonkei.edge.http.message import Header, Request, Shown

_KINDS = 16


class Kind:
    """All that the records of requests with one head have in common, if they went the same way and
    got the same status. Listeners keep under it what they compute from these values.

    `begin`, `asked`, `way` and `end` are the members of a record in their order, without those that
    differ: the client's port, bytes sent, seconds, the trace id, and those after `inspections`.
    The other members say whether an exchange is of this kind: they are its own objects."""

    __slots__ = (
        "asked", "begin", "blocked_by", "cache_result", "end", "group_arn", "inspections",
        "listener", "rule", "status", "task_id", "way",
    )  # fmt: skip

    def __init__(self, exchange: Exchange, listener: str, shown: Shown) -> None:
        self.listener = listener
        self.status = exchange.status
        self.group_arn = exchange.group_arn
        self.task_id = exchange.task_id
        self.rule = exchange.rule
        self.cache_result = exchange.cache_result
        self.blocked_by = exchange.blocked_by
        self.inspections = exchange.inspections
        self.begin = (listener, shown[0])
        self.asked = (*shown[1:], exchange.status, exchange.received)
        self.way = (exchange.group_arn, exchange.task_id, exchange.rule)
        self.end = (
            exchange.cache_result,
            exchange.blocked_by,
            exchange.redirect_url.decode("latin-1"),
            exchange.request.headers,
            exchange.inspections,
        )


class AccessRecord(NamedTuple):
    """One finished request, as the outermost layer saw it. A `status` of 0 means that the client
    left before the response (460 in a load balancer's log). Sizes are of bodies, in bytes.

    A tuple, because one is made for each request. A frozen dataclass takes four times as long.
    """

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
    kind: Kind | None = None  # of a request whose head is known


AccessHook = Callable[[Sequence[AccessRecord]], None]
"""Called on the event loop with the requests that one turn of it has finished; it must neither
block nor raise."""


class Journal:
    """Gives finished requests to a hook, those of one turn of the event loop together."""

    def __init__(self, hook: AccessHook, soon: Callable[[Callable[[], None]], object]) -> None:
        self._hook = hook
        self._soon = soon
        self._new: list[AccessRecord] = []

    def add(
        self, exchange: Exchange, now: float, listener: str, client_port: int, connection: int
    ) -> None:
        """A finished exchange; `now` is a time of the event loop's clock."""
        new = self._new
        if not new:
            self._soon(self.flush)
        new.append(access_record(exchange, now, listener, client_port, connection))

    def flush(self) -> None:
        """Give the hook what there is."""
        new, self._new = self._new, []
        if new:
            self._hook(new)


def access_record(
    exchange: Exchange, now: float, listener: str, client_port: int, connection: int
) -> AccessRecord:
    """A finished exchange; `now` is a time of the event loop's clock."""
    request = exchange.request
    kind: Kind | None = request.kind
    if kind is None or not (
        kind.status == exchange.status
        and kind.task_id is exchange.task_id
        and kind.rule is exchange.rule
        and kind.inspections is exchange.inspections
        and kind.cache_result is exchange.cache_result
        and kind.group_arn is exchange.group_arn
        and kind.blocked_by is exchange.blocked_by
        and kind.listener is listener
        and not exchange.redirect_url
        and not exchange.received
    ):
        kind = _kind(exchange, listener)
    trace, retries = exchange.trace_id, exchange.retries
    return _NEW(
        AccessRecord,
        (
            *kind.begin,
            client_port,
            *kind.asked,
            exchange.sent,
            now - exchange.started,
            *kind.way,
            trace.decode() if trace.isascii() else trace.decode("latin-1"),
            *kind.end,
            connection,
            exchange.identity[1].decode(),
            str(retries) if retries else "",
            kind if request.kinds is not None else None,
        ),
    )


_NEW: Callable[[type[AccessRecord], tuple[object, ...]], AccessRecord] = tuple.__new__
"""Like `_make`, but without a function of Python's around it."""


def _kind(exchange: Exchange, listener: str) -> Kind:
    """Found again, or a new one: nothing that a kind holds differs from the exchange's own."""
    request = exchange.request
    kinds, shown = request.kinds, request.shown or _shown(request)
    if kinds is None or exchange.redirect_url or exchange.received:
        return Kind(exchange, listener, shown)
    key = (exchange.status, exchange.task_id, exchange.rule, exchange.cache_result)
    kind: Kind | None = kinds.get(key)
    if not (
        kind is not None
        and kind.listener is listener
        and kind.inspections is exchange.inspections
        and kind.group_arn == exchange.group_arn
        and kind.blocked_by == exchange.blocked_by
    ):
        if len(kinds) >= _KINDS:
            kinds.clear()
        kind = kinds[key] = Kind(exchange, listener, shown)
    request.kind = kind
    return kind


def _shown(request: Request) -> Shown:
    """Decoded once for a request that is repeated."""
    fields = request.fields
    request.shown = (
        request.client.decode(),
        request.method.decode(),
        request.target.decode("latin-1"),
        fields.get(b"host", b"").decode("latin-1"),
        fields.get(b"user-agent", b"").decode("latin-1"),
    )
    return request.shown
