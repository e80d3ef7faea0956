"""Logs that AWS itself writes. They are delivered to the places that the definitions name.

`postgresql` makes events from PostgreSQL's lines. `tail` reads a file that grows and is rotated,
and `cut` one that is copied and cut. `exports` uses these to deliver the events to log groups, as
RDS does.
"""
