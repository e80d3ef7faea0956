"""Every rule, in the order of a request's, a record's and an alarm's way."""

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
