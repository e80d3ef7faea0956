"""CloudWatch's API over the room.

cloudwatch  the operations and their handlers
data        PutMetricData, GetMetricData, GetMetricStatistics, ListMetrics
alarms      PutMetricAlarm … DescribeAlarmHistory
eventbridge the rules of EventBridge; event_entries PutEvents, event_targets their targets
scheduler   schedules of EventBridge Scheduler
spelling    values of the API to ours and back
"""

from bonkei.monitor.service.cloudwatch import cloudwatch
from bonkei.monitor.service.eventbridge import eventbridge
from bonkei.monitor.service.scheduler import scheduler

__all__ = ["cloudwatch", "eventbridge", "scheduler"]
