"""CloudWatch's API.

cloudwatch  the operations and their handlers
data        PutMetricData, GetMetricStatistics, ListMetrics; metric_data GetMetricData
periods     the periods that both cut a time into
alarms      PutMetricAlarm … DescribeAlarmHistory; relatives of composite alarms
spelling    values of the API to ours and back
"""

from bonkei.services.cloudwatch.api.cloudwatch import cloudwatch

__all__ = ["cloudwatch"]
