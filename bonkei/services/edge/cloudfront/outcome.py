"""The use of an origin's response, decided by its head and by the stored response."""

from __future__ import annotations

import time
from enum import Enum

from bonkei.blueprint.cloudfront import CachePolicy
from bonkei.services.edge.cloudfront.error_page import CustomErrors
from bonkei.services.edge.cloudfront.freshness import (
    CACHED_IF_CONTROLLED,
    CACHED_STATUSES,
    Lifetime,
    age_of,
    error_lifetime,
    lifetime,
)
from bonkei.services.edge.cloudfront.stored import Stored
from bonkei.services.edge.http.message import Headers, value_of


class Mode(Enum):
    """How a response is being handled."""

    WAITING = 0  # for the head
    PASSING = 1  # to the viewer
    COLLECTING = 2  # to be compressed
    REFRESHING = 3  # 304: the stored response is served
    STALE = 4  # a 5xx: the stored response is served
    REPLACING = 5  # by a custom error page
    OVER = 6


def reuse(stale: Stored, status: int, now: float) -> Mode | None:
    """The mode that serves the stored response for this status; None if it is not served."""
    if stale.error:
        return None
    if status == 304:
        return Mode.REFRESHING
    if status >= 500 and stale.usable_in_place_of_an_error(now):
        return Mode.STALE
    return None


def allowed_lifetime(
    status: int, policy: CachePolicy, headers: Headers, errors: CustomErrors
) -> Lifetime | None:
    """The lifetime of a GET's response in the cache; None if it may not be stored."""
    if status >= 400:
        return error_lifetime(status, policy, headers, errors.minimum(status), time.time())
    if status not in CACHED_STATUSES:
        return None
    if status in CACHED_IF_CONTROLLED and value_of(headers, b"cache-control") is None:
        return None
    return lifetime(policy, headers, time.time(), age_of(headers))
