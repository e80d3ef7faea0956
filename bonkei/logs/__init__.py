"""CloudWatch Logs, and what brings records there.

`store` keeps log groups, streams and events on disk, and says what CloudWatch Logs would refuse.
"""
