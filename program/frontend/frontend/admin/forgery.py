"""Whether this site's own page sent a form: by the browser's headers, then by the form's token."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.datastructures import Headers


def is_from_here(headers: Headers, public_origin: str) -> bool:
    """False if the browser says that another site sent the form.

    `Sec-Fetch-Site` needs no knowledge of our own name. A browser that does not send it (or uses
    plain HTTP to a host that is not loopback) sends Origin. That must name the requested host;
    behind CloudFront this is PUBLIC_URL or X-Forwarded-Host, not Host. A page of another site can
    set none of these headers.
    """
    if headers.get("sec-fetch-site") is None and headers.get("origin") is None:
        return True  # an old browser: the form's token alone decides
    return says_that_it_is_from_here(headers, public_origin)


def says_that_it_is_from_here(headers: Headers, public_origin: str) -> bool:
    """Whether the browser itself says so. That is enough to show a form again to its sender."""
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    origin = headers.get("origin")
    if origin is None:
        return False
    hosts = {headers.get("host", ""), headers.get("x-forwarded-host", "")}
    return origin == public_origin or urlsplit(origin).netloc in hosts - {""}
