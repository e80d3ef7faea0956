"""Processes that are suspended, and surely go on.

freezer   suspends them, and lets them go on
holder    a process of its own that lets them go on when the freezer's process dies, or forgets them
"""
