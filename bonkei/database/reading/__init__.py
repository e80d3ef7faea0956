"""A look into a cluster's database that can change nothing, and that costs a bounded amount.

role         a role of PostgreSQL that only reads
statements   which tables there are, and a page of one
allowance    a way to the server that ends after so many bytes
reader       carries a question out
values       what it answers
"""
