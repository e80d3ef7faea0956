"""Logs that AWS itself writes, brought where the definitions want them.

`postgresql` makes events of PostgreSQL's lines, `tail` reads a file that grows and is rotated, and
`exports` brings the one to log groups through the other, as RDS does.
"""
