"""Passes a request to the origin, and its response back. Nothing is stored or replaced.

Requests with the same headers, or with headers of one shape, share one request to the origin. Each
gives it what is its own, just before web ACLs, listener rules and the head for the target look at
it. All of this happens at once, so no other request comes between.
"""

from __future__ import annotations

from collections.abc import Callable

from bonkei.services.edge.cloudfront.behavior import CompiledBehavior
from bonkei.services.edge.cloudfront.viewer_response import request_id
from bonkei.services.edge.http.exchange import Exchange, Flow, Onward, Prepared
from bonkei.services.edge.http.message import HeaderBlock, Request

OnwardOf = Callable[[CompiledBehavior, Request], Onward]
"""How the origin of a behavior handles a request."""


def relay(behavior: CompiledBehavior, request: Request, onward_of: OnwardOf) -> Prepared:
    """One request."""
    origin_request = behavior.origin_request(request)
    viewer, mark = behavior.viewer, origin_request.mark
    onward = onward_of(behavior, origin_request)

    def relay_it(exchange: Exchange) -> Flow | None:
        exchange.decorator = viewer
        exchange.identity = identity = request_id()
        mark(identity)
        return onward(exchange, exchange)

    return relay_it


def relay_each(behavior: CompiledBehavior, first: Request, onward_of: OnwardOf) -> Prepared:
    """All requests with these headers."""
    return _relay_to(behavior, behavior.origin_request(first), onward_of)


def relay_varied(
    behavior: CompiledBehavior, first: Request, shape: HeaderBlock, onward_of: OnwardOf
) -> Prepared:
    """All requests with headers of this shape."""
    origin_request = behavior.origin_request(first)
    template, fields = origin_request.headers, origin_request.fields
    places = [
        (place, template.index(first.headers[place]))
        for place in shape.varied
        if first.headers[place] in template  # else it is not passed on
    ]
    origin_request.varied = [template[place][2] for _, place in places]
    relay_it = _relay_to(behavior, origin_request, onward_of)

    def relay_own(exchange: Exchange) -> Flow | None:
        given = exchange.request.headers
        headers, lines = template.copy(), list[bytes]()
        for here, there in places:
            headers[there] = name, value, line = given[here]
            fields[name] = value
            lines.append(line)
        # The list is new each time: access records keep it.
        origin_request.headers, origin_request.varied = headers, lines
        origin_request.inspected = None
        return relay_it(exchange)

    return relay_own


def _relay_to(behavior: CompiledBehavior, origin_request: Request, onward_of: OnwardOf) -> Prepared:
    """Give the origin's request another target and another id each time."""
    viewer, fields = behavior.viewer, origin_request.fields
    aim = None if behavior.keeps_target else behavior.aim
    onward = onward_of(behavior, origin_request)

    def relay_it(exchange: Exchange) -> Flow | None:
        request = exchange.request
        if aim is None:
            origin_request.path, origin_request.query = request.path, request.query
            origin_request.target = request.target
        else:
            aim(origin_request, request)
        exchange.decorator = viewer
        exchange.identity = name, value, origin_request.added = request_id()  # as `mark` does
        fields[name] = value
        return onward(exchange, exchange)

    return relay_it
