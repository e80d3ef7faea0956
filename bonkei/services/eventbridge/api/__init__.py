"""The APIs of EventBridge and of EventBridge Scheduler.

eventbridge    the calls for rules; event_entries PutEvents, event_targets the rules' targets
scheduler      the calls for schedules
"""

from bonkei.services.eventbridge.api.eventbridge import eventbridge
from bonkei.services.eventbridge.api.scheduler import scheduler

__all__ = ["eventbridge", "scheduler"]
