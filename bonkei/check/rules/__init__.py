"""Every rule, in the order in which a request, a record and an alarm travel."""

from __future__ import annotations

from bonkei.check.rules import alarms, isolation, logs, permissions, reachability, timing
from bonkei.check.subject import Rule

RULES: tuple[Rule, ...] = (
    *isolation.RULES,
    *reachability.RULES,
    *timing.RULES,
    *logs.RULES,
    *alarms.RULES,
    *permissions.RULES,
)
