"""A sound stack: one service behind CloudFront and a load balancer, a database, logs, an alarm and
its notification."""
