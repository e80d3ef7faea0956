"""Alarms: their changes, and the reports of them.

evaluation  pure: data points → ALARM, OK or INSUFFICIENT_DATA
points      the data points of a metric alarm, from the metrics' store
composite   pure: the rule of a composite alarm, parsed and decided
suppression pure: whether a composite alarm's actions are suppressed
settings    an alarm's settings as text
reason      CloudWatch's text for the reason of a change
book        every alarm, its state and its history; on disk
message     CloudWatch's message to a topic, and its event on the bus
"""
