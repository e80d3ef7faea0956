"""CloudWatch Logs, and the ways in which records reach it.

`store` keeps log groups, streams and events on disk, and refuses the same as CloudWatch Logs.
"""
