"""Alarms: their changes, and the reports of them.

evaluation  pure: data points → ALARM, OK or INSUFFICIENT_DATA
points      the data points of a metric alarm, from the metrics' store
composite   pure: the rule of a composite alarm, parsed and decided
suppression pure: what keeps a composite alarm's actions back
settings    an alarm's settings as text
reason      the words that CloudWatch says why in
book        every alarm, its state and its history; on disk
message     CloudWatch's message to a topic, and its event on the bus
"""
