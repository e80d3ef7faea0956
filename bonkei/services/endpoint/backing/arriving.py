"""S3's bodies, compared with what was signed while they are passed on."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator

from bonkei.services.endpoint.backing.dialects.s3 import TRAILER
from bonkei.services.endpoint.calls import s3_limits
from bonkei.services.endpoint.calls.request import Request
from bonkei.services.endpoint.errors import ApiError


async def checked(
    pieces: AsyncIterator[bytes], request: Request, tail: bytearray
) -> AsyncIterator[bytes]:
    """A body as it arrives. If it differs from the signed one or is too long, its last piece is not
    sent to MiniStack. `tail` gets its end, where a checksum may be."""
    wanted = request.header.get("x-amz-content-sha256", "")
    digest = hashlib.sha256() if len(wanted) == 64 else None
    held, size = b"", 0  # the last piece is sent only if the whole body is right
    async for chunk in pieces:
        size += len(chunk)
        s3_limits.check_arrived(size, request)
        if digest is not None:
            digest.update(chunk)
        tail[:] = (tail + chunk[-TRAILER:])[-TRAILER:]
        if held:
            yield held
        held = chunk
    if digest is not None and digest.hexdigest() != wanted:
        raise _MISMATCH
    if held:
        yield held


def require_digest(body: bytes, request: Request) -> None:
    """Raises ApiError if a whole body is not the signed one."""
    wanted = request.header.get("x-amz-content-sha256", "")
    if len(wanted) == 64 and hashlib.sha256(body).hexdigest() != wanted:
        raise _MISMATCH


_MISMATCH = ApiError(
    "XAmzContentSHA256Mismatch",
    "The provided 'x-amz-content-sha256' header does not match what was computed.",
)
