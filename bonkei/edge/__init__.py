"""CloudFront, WAF, the Application Load Balancer and Service Connect as one data plane.

edge = Edge(bus, EdgeSettings())
await edge.start(blueprint)
await edge.apply(changed)      # swaps the routing; what is in flight ends as it began
edge.snapshot()
await edge.drain(grace=10)     # no new requests; what is in flight ends
await edge.stop(grace=10)
"""

from bonkei.edge.access import AccessHook, AccessRecord
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
