"""The status page's backend: components, incidents and uptime, over HTTP below `/api`."""
