"""Logs that AWS itself writes. They are delivered to the places that the definitions name.

`postgresql` makes events from PostgreSQL's lines. `tail` reads a file that grows and is rotated.
`exports` uses both to deliver the events to log groups, as RDS does.
"""
