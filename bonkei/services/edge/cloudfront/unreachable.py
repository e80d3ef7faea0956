"""An origin that CloudFront cannot reach through the network.

"HTTP 504 status code (Gateway Timeout)", section "Configure the firewall on the origin server to
allow CloudFront traffic" (Amazon CloudFront Developer Guide). The answer comes at once, without the
time-out.
"""

from __future__ import annotations

from bonkei.services.edge.http.exchange import Exchange, Flow, Onward
from bonkei.services.edge.http.message import Request, Sink, answer
from bonkei.services.edge.http.page import cloudfront_page

STATUS = 504

_PAGE = cloudfront_page(
    STATUS,
    "CloudFront attempted to establish a connection with the origin, but either the attempt failed "
    "or the origin closed the connection. We can't connect to the server for this app or website "
    "at this time. There might be too much traffic or a configuration error.",
)


class Unreachable:
    """Replaces the handler of such an origin. `why`: the obstacle."""

    body_needed = 0

    def __init__(self, why: str = "") -> None:
        self.why = why

    def onward(self, request: Request) -> Onward:
        head_only = request.method == b"HEAD"

        def refuse(exchange: Exchange | None, sink: Sink) -> Flow | None:  # noqa: ARG001
            answer(sink, _PAGE, head_only=head_only)
            return None

        return refuse
