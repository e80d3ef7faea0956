"""Web ACLs.

web_acl           rules in order of priority
statement         their statements, compiled; rate: the rate-based ones
component         the parts of a request that statements look at
transformation    text transformations
"""
