"""Objects of buckets, which CloudFront serves and S3 has."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ObjectRequest:
    """What CloudFront asks of S3. `distribution`: the ARN of the one that signs its requests (OAC);
    `identity`: its origin access identity. With neither, it is a stranger to the bucket."""

    bucket: str
    key: str
    method: str
    headers: Mapping[str, str]
    distribution: str = ""
    identity: str = ""


@dataclass(frozen=True, slots=True)
class ObjectAnswer:
    """S3's response; `length` of the body where it is known."""

    status: int
    headers: Mapping[str, str]
    length: int | None
    body: AsyncIterator[bytes]


FetchObject = Callable[[ObjectRequest], AbstractAsyncContextManager[ObjectAnswer]]
"""Raises OSError when S3 does not answer."""


def _no_objects(_asked: ObjectRequest) -> AbstractAsyncContextManager[ObjectAnswer]:
    raise OSError("there is no S3")


class Objects:
    """Where objects come from: known once the AWS endpoint is made."""

    def __init__(self) -> None:
        self.fetch: FetchObject = _no_objects
