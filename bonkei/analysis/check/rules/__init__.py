"""Every rule, in the order in which a request, a record and an alarm travel."""

from __future__ import annotations

from bonkei.analysis.check.rules import (
    alarms,
    delivery,
    filters,
    isolation,
    keys,
    logs,
    names,
    network,
    permissions,
    reachability,
    routing,
    shipping,
    thresholds,
    timing,
    topics,
    trust,
)
from bonkei.analysis.check.subject import Rule

RULES: tuple[Rule, ...] = (
    *isolation.RULES,
    *network.RULES,
    *routing.RULES,
    *reachability.RULES,
    *names.RULES,
    *timing.RULES,
    *logs.RULES,
    *filters.RULES,
    *alarms.RULES,
    *thresholds.RULES,
    *topics.RULES,
    *keys.RULES,
    *permissions.RULES,
    *shipping.RULES,
    *trust.RULES,
    *delivery.RULES,
)
