"""AWS Lambda.

functions           functions, aliases, layers
callers             who may call a function, and what calls it
"""
