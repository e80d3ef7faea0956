"""An Application Load Balancer: listeners, their rules, and the target groups behind them.

values         the values for the edge
reader         aws_lb with its listeners and their rules (listener_action)
target_group   aws_lb_target_group
"""

from bonkei.blueprint.elbv2.values import (
    Action,
    Condition,
    FixedResponse,
    Forward,
    HostHeader,
    HttpHeader,
    HttpRequestMethod,
    Listener,
    ListenerRule,
    LoadBalancer,
    PathPattern,
    QueryString,
    Redirect,
    SourceIp,
    TargetGroup,
    TargetHealthCheck,
    WeightedTarget,
)

__all__ = [
    "Action",
    "Condition",
    "FixedResponse",
    "Forward",
    "HostHeader",
    "HttpHeader",
    "HttpRequestMethod",
    "Listener",
    "ListenerRule",
    "LoadBalancer",
    "PathPattern",
    "QueryString",
    "Redirect",
    "SourceIp",
    "TargetGroup",
    "TargetHealthCheck",
    "WeightedTarget",
]
