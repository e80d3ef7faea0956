"""CloudWatch's API over the room.

cloudwatch  which operation is answered by what
data        PutMetricData, GetMetricData, GetMetricStatistics, ListMetrics
alarms      PutMetricAlarm … DescribeAlarmHistory
eventbridge PutEvents, and the rules of the definitions
spelling    values of the API to ours and back
"""

from bonkei.monitor.service.cloudwatch import cloudwatch
from bonkei.monitor.service.eventbridge import eventbridge

__all__ = ["cloudwatch", "eventbridge"]
