"""The clients' side: connections, and limits on the size and pace of requests."""
