"""Terraform's output, as values.

messages      progress, line by line
changes       the changes of a plan (difference: down to the part that differs)
testing       the results of `terraform test`
"""
