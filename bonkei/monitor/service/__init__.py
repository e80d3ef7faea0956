"""CloudWatch's API over the room.

cloudwatch  the operations and their handlers
data        PutMetricData, GetMetricData, GetMetricStatistics, ListMetrics
alarms      PutMetricAlarm … DescribeAlarmHistory
eventbridge PutEvents, and the rules of the definitions
spelling    values of the API to ours and back
"""

from bonkei.monitor.service.cloudwatch import cloudwatch
from bonkei.monitor.service.eventbridge import eventbridge

__all__ = ["cloudwatch", "eventbridge"]
