"""Finished requests as AWS's logs of them. Pure but for `deliveries`.

`request` is what is known of one; `load_balancer`, `cloudfront` and `waf` write it as their service
does, and name objects and streams. `deliveries` collects requests and brings them where the
definitions want them.
"""
