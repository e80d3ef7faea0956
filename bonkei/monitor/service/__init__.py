"""CloudWatch's API over the room.

cloudwatch  which operation is answered by what
data        PutMetricData, GetMetricData, GetMetricStatistics, ListMetrics
alarms      PutMetricAlarm … DescribeAlarmHistory
spelling    values of the API to ours and back
"""

from bonkei.monitor.service.cloudwatch import cloudwatch

__all__ = ["cloudwatch"]
