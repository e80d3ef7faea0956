"""Commands that start and stop processes.

lifecycle    `bonkei up`, `down`, `restart`, `reset`
load         `bonkei load`: visitors
sessions     `bonkei run`, `exec`, `env`: commands of one's own in the environment of a task
"""
