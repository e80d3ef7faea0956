"""Faults in the sound stack: `parts` has the changes, and `tables` has the rule for each change."""
