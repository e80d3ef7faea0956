"""Judges the definitions without running anything.

check    mistakes that break on AWS;           diagram  the architecture, drawn
network  who reaches whom;                     policy   IAM's decisions
changes  what a branch changes, risks first
"""
