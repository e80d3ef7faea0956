"""Records of finished requests: the source of access logs and request metrics."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from bonkei.edge.http.exchange import Exchange
from bonkei.edge.http.firewall import Verdict
from bonkei.edge.http.message import Header, Headers, Request, Shown


class AccessRecord(NamedTuple):
    """One finished request, as the outermost layer saw it. A `status` of 0 means that the client
    left before the response (460 in a load balancer's log). Sizes are of bodies, in bytes.

    A tuple, since one is made for each request: a frozen dataclass takes four times as long."""

    listener: str  # the address of the distribution or listener in Terraform
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
    inspections: tuple[tuple[Verdict, Headers], ...] = ()  # of web ACLs, and what each one saw
    connection: int = 0  # a number of the client's connection, unlike all others
    edge_id: str = ""  # X-Amz-Cf-Id, of a distribution
    retries: str = ""  # how often another connection, or another target, was tried; empty: never


AccessHook = Callable[[AccessRecord], None]
"""Called on the event loop when a request is finished; it must neither block nor raise."""


def access_record(
    exchange: Exchange, now: float, listener: str, client_port: int, connection: int
) -> AccessRecord:
    """A finished exchange; `now` is a time of the event loop's clock."""
    request, note = exchange.request, exchange.note or _NO_NOTE
    shown = request.shown or _shown(request)
    return AccessRecord._make(
        (
            listener,
            shown[0],
            client_port,
            *shown[1:],
            exchange.status,
            exchange.received,
            exchange.sent,
            now - exchange.started,
            *[
                value if type(value := note.get(name, "")) is str else value.decode("latin-1")  # type: ignore[union-attr]
                for name in _NOTED
            ],
            request.headers,
            exchange.inspections,
            connection,
            exchange.identity[1].decode(),
            str(note.get("retries", "")),
        )
    )


def _shown(request: Request) -> Shown:
    """Decoded once for a request that is known and comes again."""
    fields = request.fields
    request.shown = (
        request.client.decode(),
        request.method.decode(),
        request.target.decode("latin-1"),
        fields.get(b"host", b"").decode("latin-1"),
        fields.get(b"user-agent", b"").decode("latin-1"),
    )
    return request.shown


_NO_NOTE: dict[str, str | bytes] = {}
_NOTED = (
    "target_group_arn", "task_id", "rule", "trace_id", "cache_result", "blocked_by", "redirect_url",
)  # fmt: skip
