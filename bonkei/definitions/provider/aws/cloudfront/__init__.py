"""Amazon CloudFront.

distributions       distributions (distribution_rules: what is refused across arguments)
policies            a stack's own policies; managed_policies: those that AWS publishes
components          what distributions use: origin access, functions, keys
"""
