"""CloudWatch Logs, and the ways of records into it.

`store` keeps log groups, streams and events on disk, and says what CloudWatch Logs would refuse.
"""
