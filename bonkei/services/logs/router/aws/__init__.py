"""Calls AWS from a router: the task's credentials, Signature Version 4, and HTTP without a library,
because a router is a small process of its own."""
