"""What Terraform said, as values.

messages      progress, line by line
changes       what a plan would do (difference: down to the part that differs)
testing       what `terraform test` found
"""
