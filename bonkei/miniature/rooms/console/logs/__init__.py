"""Logs: what was written on this machine, and the events of log groups.

wish       what a page asks for (pure)
rows       records as the page's rows, never too many bytes (pure)
local      the last records of this machine's files, read on as they grow; and a search in them
groups     the last events of a log group, heard on the bus; and a search in it
offer      the topics
"""

from bonkei.miniature.rooms.console.logs.offer import LogSources, offer_logs

__all__ = ["LogSources", "offer_logs"]
