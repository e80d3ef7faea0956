"""CloudFront, WAF, the Application Load Balancer and Service Connect as one data plane.

edge = Edge(bus, EdgeSettings())
await edge.start(blueprint)
await edge.apply(changed)      # swaps the routing; what is in flight ends as it began
edge.snapshot()
await edge.drain(grace=10)     # no new requests; what is in flight ends
await edge.stop(grace=10)

The way of a request
    listening          a socket is open, and its connections share a `Front`
    client.connection  takes one request at a time from the bytes that come
    http.request_parser, http.head      bytes become a `Request`, or a refusal
    client.known_request                a head that came before is not parsed again
    http.exchange      the request on its connection, and the sink of its response
    cloudfront.distribution    plans the request: host, web ACL, cache behavior, method
    waf.web_acl                the rules of the web ACL that protects a layer
    cloudfront.cache, .serving          a stored response is the answer, or
    cloudfront.fetch                    the origin is asked, and its answer kept
    alb.load_balancer  web ACL, listener rules; an action answers or forwards
    alb.forward        chooses a target group and a target, and keeps clients with them
    alb.target_head    the head that the target gets
    targets.dispatch   sends the request over a `TargetConnection` (targets.upstream)
    http.response_parser       the target's bytes become a response, which goes to the sink:
    the exchange itself, or the fetch, which passes it on to the exchange

Who stands behind it
    targets.registry   learns of targets from the bus; targets.checks asks for their health
    service_connect    what tasks ask of one another, with the same client, http and targets

What composes it
    routing            a blueprint becomes handlers and openings
    edge               opens the listeners, swaps the routing; state, snapshot show it
    room               how many connections the limit of open files allows

Rooms know only those below them; client, cloudfront, waf and alb do not know one another. The order
is checked: "The edge's rooms" in pyproject.toml.
"""

from bonkei.edge.client.access import AccessHook, AccessRecord
from bonkei.edge.edge import Edge
from bonkei.edge.errors import EdgeError
from bonkei.edge.settings import EdgeSettings, Limits
from bonkei.edge.snapshot import EdgeSnapshot

__all__ = [
    "AccessHook",
    "AccessRecord",
    "Edge",
    "EdgeError",
    "EdgeSettings",
    "EdgeSnapshot",
    "Limits",
]
