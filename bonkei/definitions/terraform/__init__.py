"""Terraform, run on real definitions with the miniature's provider.

workspace      one directory of definitions; other parts use this
roots          several of them, applied one after another
place          its locked directory, with a running provider
session        calls to Terraform there
fetched        modules from elsewhere, of which the definitions are made
inputs         the inputs of a run
state          the place of its state
runs           its processes
reports        its output, parsed
explanations   additions to its errors
"""
