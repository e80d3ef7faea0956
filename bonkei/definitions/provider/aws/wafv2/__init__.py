"""AWS WAF.

web_acls            web ACLs, rule groups, sets, and what they protect
statements          the statements of rules, and what they cost
"""
