"""Finished requests as AWS's logs of them. Pure but for `deliveries`.

`request` holds the facts of one. `load_balancer`, `cloudfront` and `waf` write it as their service
does, and name objects and streams. `deliveries` collects requests and brings them to the places
that the definitions name.
"""
