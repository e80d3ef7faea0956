"""Turns finished requests into AWS's logs. Everything except `deliveries` is pure.

`request` has the facts of one request. `load_balancer`, `cloudfront` and `waf` write its entries in
the form of their service, and name objects and streams. `routes` finds the logs of a request,
`sorting` its entries for them. `deliveries` collects requests and delivers them to the places that
the definitions name.
"""
