"""CloudWatch's API: the operations and their handlers.

data        PutMetricData, GetMetricStatistics, ListMetrics; metric_data GetMetricData
periods     the periods that both cut a time into
alarms      PutMetricAlarm … DescribeAlarmHistory
spelling    values of the API to ours and back
"""

from __future__ import annotations

from bonkei.base.aws_service import Operations
from bonkei.services.cloudwatch.api.alarms import AlarmOperations
from bonkei.services.cloudwatch.api.data import DataOperations
from bonkei.services.cloudwatch.monitor import Monitor

__all__ = ["cloudwatch"]


def cloudwatch(monitor: Monitor) -> Operations:
    """The service `cloudwatch` of the AWS endpoint. The endpoint refuses all other operations."""
    return Operations.of(DataOperations(monitor), AlarmOperations(monitor))
