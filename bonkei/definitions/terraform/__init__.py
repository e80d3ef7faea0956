"""Terraform, run on real definitions with the miniature's provider.

workspace      one directory of definitions; other parts use this
roots          several of them, applied one after another
session        Terraform and provider running, for one operation
inputs         the inputs of a run
state          the place of its state
runs           its processes
reports        its output, parsed
explanations   additions to its errors
"""
