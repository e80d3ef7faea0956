"""Additions to Terraform's errors, from knowledge of the miniature.

explain       remedies in this miniature
upgrades      old arguments that the AWS provider no longer accepts
constraints   versions of providers that are not served
mentions      places in the definitions, for errors without one
"""
