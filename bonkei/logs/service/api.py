"""The API's operations, all of them."""

from __future__ import annotations

from collections.abc import Mapping

from bonkei.logs.service import events, groups, metric_filters, streams, subscriptions
from bonkei.logs.service.desk import Operation

OPERATIONS: Mapping[str, Operation] = {
    **groups.OPERATIONS,
    **streams.OPERATIONS,
    **events.OPERATIONS,
    **metric_filters.OPERATIONS,
    **subscriptions.OPERATIONS,
}
"""Anything else (StartQuery and the rest of Logs Insights, StartLiveTail, export tasks) is refused
by its name. Metric filters come from the definitions: PutMetricFilter is refused, too."""
