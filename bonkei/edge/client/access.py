"""Records of finished requests: the source of access logs and request metrics."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bonkei.edge.http.exchange import Exchange


@dataclass(frozen=True, slots=True)
class AccessRecord:
    """One finished request, as the outermost layer saw it. A `status` of 0 means that the client
    left before the response (460 in a load balancer's log). Sizes are of bodies, in bytes."""

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


AccessHook = Callable[[AccessRecord], None]
"""Called on the event loop when a request is finished; it must neither block nor raise."""


def access_record(exchange: Exchange, now: float, listener: str, client_port: int) -> AccessRecord:
    """A finished exchange; `now` is a time of the event loop's clock."""
    request = exchange.request
    note = {
        key: value if isinstance(value, str) else value.decode("latin-1")
        for key, value in (exchange.note or {}).items()
    }
    return AccessRecord(
        listener=listener,
        client=request.client.decode(),
        client_port=client_port,
        method=request.method.decode(),
        target=request.target.decode("latin-1"),
        host=request.fields.get(b"host", b"").decode("latin-1"),
        user_agent=request.fields.get(b"user-agent", b"").decode("latin-1"),
        status=exchange.status,
        received_bytes=exchange.received,
        sent_bytes=exchange.sent,
        seconds=now - exchange.started,
        target_group_arn=note.get("target_group_arn", ""),
        task_id=note.get("task_id", ""),
        rule=note.get("rule", ""),
        trace_id=note.get("trace_id", ""),
        cache_result=note.get("cache_result", ""),
        blocked_by=note.get("blocked_by", ""),
    )
