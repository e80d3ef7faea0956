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
    "CreateLogGroup": groups.create_log_group,
    "DeleteLogGroup": groups.delete_log_group,
    "DescribeLogGroups": groups.describe_log_groups,
    "PutRetentionPolicy": groups.put_retention_policy,
    "DeleteRetentionPolicy": groups.delete_retention_policy,
    "AssociateKmsKey": groups.associate_kms_key,
    "DisassociateKmsKey": groups.disassociate_kms_key,
    "PutLogGroupDeletionProtection": groups.put_deletion_protection,
    "TagResource": groups.tag,
    "UntagResource": groups.untag,
    "ListTagsForResource": groups.list_tags,
    "TagLogGroup": groups.tag,
    "UntagLogGroup": groups.untag,
    "ListTagsLogGroup": groups.list_tags,
    "CreateLogStream": streams.create_log_stream,
    "DeleteLogStream": streams.delete_log_stream,
    "DescribeLogStreams": streams.describe_log_streams,
    "PutLogEvents": events.put_log_events,
    "GetLogEvents": events.get_log_events,
    "FilterLogEvents": events.filter_log_events,
    "StartQuery": insights.start_query,
    "GetQueryResults": insights.get_query_results,
    "StopQuery": insights.stop_query,
    "DescribeQueries": insights.describe_queries,
    "DescribeQueryDefinitions": insights.describe_query_definitions,
    "GetLogRecord": insights.get_log_record,
    "GetLogGroupFields": insights.get_log_group_fields,
    "StartLiveTail": live_tail.start_live_tail,
    "DescribeMetricFilters": metric_filters.describe_metric_filters,
    "TestMetricFilter": metric_filters.try_metric_filter,
    "PutSubscriptionFilter": subscriptions.put_subscription_filter,
    "DescribeSubscriptionFilters": subscriptions.describe_subscription_filters,
    "DeleteSubscriptionFilter": subscriptions.delete_subscription_filter,
    "PutResourcePolicy": subscriptions.put_resource_policy,
    "DescribeResourcePolicies": subscriptions.describe_resource_policies,
    "DeleteResourcePolicy": subscriptions.delete_resource_policy,
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
