"""A distribution.

A request
    choice           what is done with a request, and how far the cache answers it
    distribution     does it: answers from the cache or the origin, handles errors
    behavior         one cache behavior, compiled
    selection, cache_key, origin_headers    what policies take of a request
The cache
    cache, stored    whole responses in memory
    freshness        how long a response stays; outcome: how an origin's response is used
    capture          a body on its way into the cache
    serving, conditional    answers from a stored response: 304, ranges
The origin
    fetch            a request to it, and its response; fetch_context: the distribution's side
    waiting          viewers of a fetch under way
    unreachable      an origin that the network closes off
The answer
    viewer_response, compression    the response as a behavior changes it
    error_page, pages    custom and CloudFront's own errors
"""
