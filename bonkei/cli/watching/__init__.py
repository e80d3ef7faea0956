"""`bonkei watch`: what is edited runs.

command    the command and its options
meaning    what changed files mean: services to restart, definitions to plan
follower   does it, one round after another, and keeps what fails on the screen
sources    the rounds: files that change, keys that are pressed
screen     lines for a person, or JSON
"""
