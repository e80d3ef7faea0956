"""Metrics, alarms and events: what is measured, who is told, and when.

metric   what is measured, aggregated and kept
math     expressions over metrics
alarm    pure evaluation, composite rules, states and history
filters  log events become metrics: metric filters, the embedded metric format
clock    how long a minute is, when time is compressed
monitor  the life of it: minutes pass, alarms change, somebody is told
service  CloudWatch's API over it
events   EventBridge: event patterns, schedules, targets
rehearsal  what would raise an alarm, and what would let it go again
"""
