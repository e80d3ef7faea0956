"""CloudFront, WAF, the Application Load Balancer and Service Connect as one data plane.

edge = Edge(bus, EdgeSettings())
await edge.start(blueprint)
await edge.apply(changed)      # swaps the routing; requests in flight keep the old one
edge.snapshot()
await edge.drain(grace=10)     # refuses new requests; those in flight finish
await edge.stop(grace=10)

The way of a request
    open_listener      a socket is open, and its connections share a `Front`
    client.connection  takes one request at a time from the bytes it receives
    http.request_parser, http.head      bytes become a `Request`, or a refusal
    http.plain_head                     a plain one is read line by line
    http.exchange      a request on its connection, and the sink of its response
    cloudfront.distribution    checks host, web ACL and method; chooses the cache behavior
    waf.web_acl                evaluates the web ACL that protects a layer
    cloudfront.cache, .serving          answer with a stored response, or
    cloudfront.fetch                    asks the origin, and stores its response
    alb.load_balancer  evaluates web ACL and listener rules; an action answers or forwards
    alb.forward        chooses a target group and a target; keeps sticky clients there
    alb.target_head    writes the head for the target
    targets.dispatch   sends the request over a `TargetConnection` (targets.upstream)
    http.response_parser       turns the target's bytes into a response for the sink. The sink is
    the exchange itself, or a fetch that passes the response on to the exchange.

Targets
    targets.registry   learns of targets from the bus; targets.checks checks their health
    targets.detours    leads the requests for a target elsewhere (a fault)
    service_connect    requests between tasks, with the same client, http and targets

Composition
    routing            a blueprint becomes handlers and openings
    edge               opens the listeners, swaps the routing; state, snapshot show it
    explain            explains a request's way without sending it
    capacity           how many connections the limit of open files allows

Parts know only those below them; client, cloudfront, waf and alb do not know one another. The order
is checked: "The edge's parts" in pyproject.toml.
"""

from bonkei.services.edge.client.access import AccessHook, AccessRecord
from bonkei.services.edge.edge import Edge
from bonkei.services.edge.errors import EdgeError
from bonkei.services.edge.settings import EdgeSettings, Limits
from bonkei.services.edge.snapshot import EdgeSnapshot
from bonkei.services.edge.targets.detours import Detour, TargetKey

__all__ = [
    "AccessHook",
    "AccessRecord",
    "Detour",
    "Edge",
    "EdgeError",
    "EdgeSettings",
    "EdgeSnapshot",
    "Limits",
    "TargetKey",
]
