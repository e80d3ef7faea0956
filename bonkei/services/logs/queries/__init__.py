"""Queries of Logs Insights over the store.

search    the events of groups for a query, read from the disk; `bonkei logs --query` uses it, too
queries   starts a process for each query, which can be stopped, and keeps what it found
"""
