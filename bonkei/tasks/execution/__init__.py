"""Carries out what the scheduler wants, with processes of this machine.

executor        the scheduler's actions, one after the other
running_task    a task's resources, and what its processes are started with
environment     the variables that a process gets (secret_references: of a secret or a parameter)
software        a container's own Python packages
process         a process, its output and its end
ports           free ports; listened_ports: where a process really listens
usage           CPU and memory of running tasks
"""
