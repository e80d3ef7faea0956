"""Reads a cluster's database for people. It can change nothing, and its cost is bounded.

role         a role of PostgreSQL that only reads
statements   the queries for the list of tables, and for a page of one
allowance    a connection to the server that ends after a number of bytes
reader       runs a query
values       what it is asked for, and its results
"""
