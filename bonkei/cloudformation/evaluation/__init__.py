"""A template with its parameters, evaluated: pure.

parameters  given values against the declarations, with CloudFormation's refusals
functions   intrinsic functions, over a `Scope`
logic       conditions and rules, with the functions that only they have
order       resources in an order in which each comes after those that it refers to
"""
