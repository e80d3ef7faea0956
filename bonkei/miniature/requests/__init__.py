"""Requests: explains a request's way, and shows finished requests.

explaining  the output of `bonkei explain`
asked      a URL as a request to one of the edge's listeners (pure)
places     the line of Terraform behind each step
telling    converts explanations and access records to JSON (pure)
traces     the ids that connect the records of one request: X-Ray's, W3C's, request ids (pure)
recorder   the recent requests, kept while a page shows them
timeline   the course of one request, and the reasons (pure)
sending    really sends one, and collects its records
visits     the URLs of `bonkei load`, and its counts (pure)
"""
