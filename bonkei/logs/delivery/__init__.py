"""Logs that AWS itself writes, delivered to the places in the definitions.

`postgresql` makes events from PostgreSQL's lines, `tail` reads a file that grows and is rotated,
and `exports` uses both to deliver the events to log groups, as RDS does.
"""
