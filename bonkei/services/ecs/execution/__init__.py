"""Carries out the scheduler's actions with processes of this machine.

executor        the scheduler's actions, one after the other
running_task    a task's resources, and the arguments of its processes
environment     a process's environment variables (secret_references: secrets and parameters)
software        a container's own Python packages
file_systems    the folders of EFS's volumes
buffers         what a log router has not sent, for the next one
folders         what is run in a program's folder before it
process         a process, its output and its end
visits          processes that join a container for a moment: health checks
ports           free ports; listened_ports: the ports on which a process really listens
usage           CPU and memory of running tasks
"""
