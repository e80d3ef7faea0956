"""What is known of a finished request: the source of access logs and request metrics."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AccessRecord:
    """One finished request, as the outermost layer saw it. A `status` of 0 means that the client
    left before there was one (460 in a load balancer's log). Sizes are of bodies, in bytes."""

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
    blocked_by: str = ""  # the name of the web ACL's rule


AccessHook = Callable[[AccessRecord], None]
"""Called on the event loop when a request is finished; it must neither block nor raise."""
