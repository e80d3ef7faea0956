"""A distribution.

A request
    choice           the treatment of a request, and the cache's part in it
    distribution     carries it out: answers from the cache or the origin, handles errors
    behavior         one cache behavior, compiled, and its cache key
    selection, origin_headers    the parts of a request that policies select
The cache
    cache, stored    whole responses in memory
    freshness        the lifetime of a response; outcome: the use of an origin's response
    capture          a body that is being stored in the cache
    serving, conditional    answers from a stored response: 304, ranges
The origin
    fetch            a request to it, and its response
    waiting          viewers that wait for a fetch
    bucket_origin    the objects of a bucket
    unreachable      an origin that the network makes unreachable
The answer
    viewer_response, compression    the response with a behavior's changes
    error_page, pages    custom and CloudFront's own errors
"""
