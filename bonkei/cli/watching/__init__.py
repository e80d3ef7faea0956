"""`bonkei watch`: edited files take effect at once.

command    the command and its options
meaning    the consequences of changed files: services to restart, definitions to plan
follower   carries them out, one round after another, and keeps failures on the screen
triggers   what begins a round: a file that changes, a key that is pressed
screen     lines for a person, or JSON
"""
