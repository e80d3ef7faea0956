"""Logs that AWS itself writes. They are delivered to the places that the definitions name.

`tail` reads a file that grows and is rotated, and `cut` one that is copied and cut. `exports` uses
these to deliver PostgreSQL's lines to log groups, as RDS does.
"""
