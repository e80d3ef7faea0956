"""Judges the definitions, and runs nothing.

check    mistakes that break on AWS;           diagram  the architecture, drawn
network  who reaches whom;                     policy   IAM's decisions
"""
