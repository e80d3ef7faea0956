"""Requests: why one goes as it goes, and how one went.

explaining  what `bonkei explain` shows
asked      a URL as a request to one of the edge's listeners (pure)
places     the line of Terraform behind each step
telling    explanations and access records as JSON (pure)
traces     what belongs to one request: X-Ray's ids, W3C's ids, request ids (pure)
recorder   the recent requests, kept while somebody looks
timeline   how one went, and why (pure)
sending    really sends one, and gathers what becomes of it
"""
