"""The pages with which CloudFront answers a request that it does not pass on."""

from __future__ import annotations

from bonkei.services.edge.http.page import cloudfront_page

NOT_ALLOWED = cloudfront_page(
    403,
    "This distribution is not configured to allow the HTTP request method that was used for this "
    "request.",
)
BAD_REQUEST = cloudfront_page(403, "Bad request.")
TOO_LONG = cloudfront_page(413, "The request is too long.", close=True)
ANOTHER_HOST = cloudfront_page(
    403,
    "Bad request. We can't connect to the server for this app or website at this time. There might "
    "be too much traffic or a configuration error.\n<BR>(This miniature answers to localhost and "
    "to the distribution's own names. If another is to lead here: bonkei.toml, [edge] hosts.)",
)
"""For a Host that is not an alternate domain name of the distribution, or is missing (AWS Knowledge
Center, "How do I troubleshoot 403 errors from CloudFront?")."""
