"""Every rule, in the order in which a request, a record and an alarm travel."""

from __future__ import annotations

from bonkei.analysis.check.rules import (
    alarms,
    conditions,
    delivery,
    events,
    filters,
    isolation,
    keys,
    logs,
    names,
    network,
    permissions,
    programs,
    reachability,
    routing,
    shipping,
    thresholds,
    timing,
    topics,
    trust,
)
from bonkei.analysis.check.subject import Rule

_MODULES = (
    isolation,
    network,
    routing,
    reachability,
    names,
    timing,
    programs,
    logs,
    filters,
    alarms,
    thresholds,
    topics,
    keys,
    permissions,
    conditions,
    shipping,
    trust,
    delivery,
    events,
)
RULES: tuple[Rule, ...] = tuple(
    each for module in _MODULES for each in vars(module).values() if isinstance(each, Rule)
)
