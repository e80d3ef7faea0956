"""Headers that forbid the browser everything that no page here needs."""

from __future__ import annotations

from starlette.datastructures import Headers

# Nothing from elsewhere, nothing inline, no frames, no plug-ins, no base.
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "style-src 'self'",
        "script-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)

SECURITY_HEADERS: tuple[tuple[bytes, bytes], ...] = tuple(
    (name.encode(), value.encode())
    for name, value in {
        "content-security-policy": CONTENT_SECURITY_POLICY,
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        # Not `no-referrer`: it would make the browser hide the Origin of our own forms.
        "referrer-policy": "same-origin",
        "permissions-policy": (
            "accelerometer=(), camera=(), geolocation=(), gyroscope=(), magnetometer=(), "
            "microphone=(), payment=(), usb=(), browsing-topics=()"
        ),
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
    }.items()
)

STRICT_TRANSPORT_SECURITY = (b"strict-transport-security", b"max-age=31536000")


def is_https(headers: Headers, public_origin: str) -> bool:
    """Whether the visitor uses HTTPS, as far as this program can know.

    CloudFront sends its viewer's protocol in `CloudFront-Forwarded-Proto` if its origin request
    policy includes that header. The ALB's `X-Forwarded-Proto` is the protocol of CloudFront's
    connection.
    """
    told = headers.get("cloudfront-forwarded-proto")
    if told is not None:
        return told == "https"
    return public_origin.startswith("https://") or headers.get("x-forwarded-proto") == "https"
