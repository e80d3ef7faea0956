"""Separate steps of the start and of the end.

begun          when the start began: with the command, or with `make up`
descriptors    raises the limit of open files
preparation    the containers' requirements, and remedies for containers that cannot run here
one_offs       commands in their own tasks before the services: a migration, the first data
memory         hides long-lived objects from the garbage collector
part           the parts stand in one list, and stop in reverse
together       starts several things in parallel, or ends them in turn
"""
