"""CloudWatch's API over the room.

cloudwatch  the operations and their handlers
data        PutMetricData, GetMetricStatistics, ListMetrics; metric_data GetMetricData
periods     the periods that both cut a time into
alarms      PutMetricAlarm … DescribeAlarmHistory; relatives of composite alarms
eventbridge the rules of EventBridge; event_entries PutEvents, event_targets their targets
scheduler   schedules of EventBridge Scheduler
spelling    values of the API to ours and back
"""

from bonkei.monitor.service.cloudwatch import cloudwatch
from bonkei.monitor.service.eventbridge import eventbridge
from bonkei.monitor.service.scheduler import scheduler

__all__ = ["cloudwatch", "eventbridge", "scheduler"]
