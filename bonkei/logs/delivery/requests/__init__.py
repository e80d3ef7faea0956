"""Turns finished requests into AWS's logs. Everything except `deliveries` is pure.

`request` holds the facts of one. `load_balancer`, `cloudfront` and `waf` write it as their service
does, and name objects and streams. `deliveries` collects requests and brings them to the places
that the definitions name.
"""
