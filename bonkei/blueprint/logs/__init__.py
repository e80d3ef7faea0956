"""CloudWatch Logs: groups and their filters, and the logs that AWS's services deliver."""
