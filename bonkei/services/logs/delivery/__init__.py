"""Logs that AWS itself writes. They are delivered to the places that the definitions name.

`tail` reads a file that grows and is rotated. `exports` delivers PostgreSQL's lines to log groups,
as RDS does, also from a file that is copied and cut.
"""
