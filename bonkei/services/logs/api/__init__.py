"""CloudWatch Logs' API over the store: one module for each subject.

Parameters and answers are those of botocore's model of the service `logs`; the endpoint encodes
them. Each operation is a function of the `Desk` (store, account, clock) and its parameters.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from bonkei.base.aws_service import AwsCall
from bonkei.services.logs.api import (
    events,
    groups,
    insights,
    live_tail,
    metric_filters,
    streams,
    subscriptions,
)
from bonkei.services.logs.api.desk import Desk, Operation

OPERATIONS: Mapping[str, Operation] = {
    **groups.OPERATIONS,
    **streams.OPERATIONS,
    **events.OPERATIONS,
    **insights.OPERATIONS,
    **live_tail.OPERATIONS,
    **metric_filters.OPERATIONS,
    **subscriptions.OPERATIONS,
}
"""Everything else (such as export tasks) is refused by name. PutMetricFilter and PutQueryDefinition
are refused, too, because these come from the definitions."""


class LogsService:
    """An AwsService. `desk` returns the desk for a region's calls."""

    operations = frozenset(OPERATIONS)

    def __init__(self, desk: Callable[[str], Desk]) -> None:
        self._desk = desk

    async def answer(self, call: AwsCall) -> Mapping[str, Any]:
        """Raises LogsError."""
        return OPERATIONS[call.operation](self._desk(call.region), call.parameters)
