"""Alarms: when they change, and what that says.

evaluation  pure: data points → ALARM, OK or INSUFFICIENT_DATA
points      the data points of a metric alarm, from the metrics' store
composite   pure: the rule of a composite alarm, parsed and decided
reason      the words that CloudWatch says why in
book        every alarm, its state and its history; on disk
message     what CloudWatch publishes to a topic, and puts on the event bus
"""
