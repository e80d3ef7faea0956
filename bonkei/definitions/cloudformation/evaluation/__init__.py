"""Evaluates a template with its parameters, as pure functions.

parameters  given values against the declarations, with CloudFormation's refusals
functions   intrinsic functions, over a `Scope`
logic       conditions and rules, and the functions that only they may use
order       resources in dependency order
"""
