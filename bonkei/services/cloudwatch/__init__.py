"""Metrics, alarms and events: CloudWatch measures, decides and notifies.

metric   measurements, aggregated and kept
math     expressions over metrics
alarm    pure evaluation, composite rules, states and history
filters  turns log events into metrics: metric filters, the embedded metric format
sqlite_file  a file of SQLite that may be lost
clock    the length of a minute in compressed time
monitor  the life cycle: minutes pass, alarms change
acting   runs an alarm's actions; actions: calls the services that they name
values   what it needs from others, and shows of itself
api      CloudWatch's API over it
rehearsal  data that raises an alarm, and data that ends it
"""
