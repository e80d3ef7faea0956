"""Finished requests: who hears of them, and their lines in the logs of this machine."""
