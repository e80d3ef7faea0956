"""AWS as a router sees it: credentials of its task, Signature Version 4, HTTP without a library (a
router is a process of its own, and small)."""
