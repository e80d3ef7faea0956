"""The logs that were written on this machine, as `bonkei logs` and the console read them.

files     the files of a home, and their last lines
record    one line as a record: its time, its level, its message (pure)
"""
