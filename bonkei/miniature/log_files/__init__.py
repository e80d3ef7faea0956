"""Reads the logs on this machine, for `bonkei logs` and the console.

files     the files of a home, and their last lines
record    one line as a record: its time, its level, its message (pure)
"""
