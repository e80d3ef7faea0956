"""Logs: the log files of this machine, and the events of log groups.

wish       the records that a page wants (pure)
rows       converts records to the page's rows, with a limit of bytes (pure)
local      the last records of this machine's growing files; and a search in them
groups     the last events of a log group, from the bus; and a search in it
question   a query of Logs Insights, and its rows for a page (pure)
offer      the topics
"""

from bonkei.miniature.console.logs.offer import LogSources, offer_logs

__all__ = ["LogSources", "offer_logs"]
