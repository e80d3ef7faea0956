"""Suspends processes, and guarantees that they continue.

freezer   suspends them, and resumes them
holder    its own process, which resumes them when the freezer's process dies or hangs
"""
