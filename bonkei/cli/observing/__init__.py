"""Commands that show what the miniature does.

status         `bonkei status`: what runs, and features that are not simulated
console        `bonkei console`: its address
explain        `bonkei explain`: the decisions about one request
logs           `bonkei logs`: the records of programs and services
log_groups     its source with --group: CloudWatch's log groups
log_objects    its source with --destination s3: objects of buckets
log_query      its rows with --query: Logs Insights over either
"""
