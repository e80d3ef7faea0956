"""Logs: the log files of this machine, and the events of log groups.

wish       the records that a page wants, and what a search has found (pure)
rows       converts records to the page's rows, with a limit of bytes (pure)
local      the last records of this machine's growing files
history    a search in all that these files keep
groups     the last events of a log group, from the bus; and a search in it
buckets    a search in the logs that a bucket keeps
question   a query of Logs Insights, and its rows for a page (pure)
offer      the topics
"""

from bonkei.miniature.console.logs.offer import Desk, LogSources, offer_logs

__all__ = ["Desk", "LogSources", "offer_logs"]
