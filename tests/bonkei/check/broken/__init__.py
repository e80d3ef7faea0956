"""Faults in the sound stack: `parts` has changes, `tables` has the rule that finds each change."""
