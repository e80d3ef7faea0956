"""An origin that the network lets CloudFront not reach.

"HTTP 504 status code (Gateway Timeout)", section "Configure the firewall on the origin server to
allow CloudFront traffic" (Amazon CloudFront Developer Guide). The time-out is not waited for.
"""

from __future__ import annotations

from bonkei.edge.http.exchange import Exchange, Flow, Onward
from bonkei.edge.http.message import Request, Sink, answer
from bonkei.edge.http.page import cloudfront_page

STATUS = 504

_PAGE = cloudfront_page(
    STATUS,
    "CloudFront attempted to establish a connection with the origin, but either the attempt failed "
    "or the origin closed the connection. We can't connect to the server for this app or website "
    "at this time. There might be too much traffic or a configuration error.",
)


class Unreachable:
    """In the place of such an origin's handler; `why` it is closed off."""

    body_needed = 0

    def __init__(self, why: str = "") -> None:
        self.why = why

    def onward(self, request: Request) -> Onward:
        head_only = request.method == b"HEAD"

        def refuse(exchange: Exchange | None, sink: Sink) -> Flow | None:  # noqa: ARG001
            answer(sink, _PAGE, head_only=head_only)
            return None

        return refuse
