"""CloudWatch Logs as the miniature uses it, log routers, and AWS's own deliveries."""
