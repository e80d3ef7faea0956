"""Steps of the start and of the end, each of its own.

begun          when the start began: with the command, or with `make up`
descriptors    as many open files as the system gives
preparation    the containers' requirements, and remedies for containers that cannot run
one_offs       commands in tasks of their own before the services: a migration, the first data
memory         long-lived objects leave the garbage collector's way
draining       requests in flight finish before the end
together       several things started in parallel, or ended in turn
"""
