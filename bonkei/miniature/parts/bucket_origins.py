"""The objects that CloudFront serves from buckets, as far as their policies let it read them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from fnmatch import fnmatchcase

from bonkei.blueprint import Blueprint
from bonkei.miniature.parts.endpoint.endpoint import AwsEndpoint
from bonkei.services.edge.objects import ObjectAnswer, ObjectRequest

_SERVICE = "cloudfront.amazonaws.com"
_STRANGER = "anonymous"
_REFUSED = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n'
    b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"
)


class BucketObjects:
    """Asks the AWS endpoint."""

    def __init__(self, aws: AwsEndpoint, blueprint: Callable[[], Blueprint]) -> None:
        self._aws = aws
        self._blueprint = blueprint

    @asynccontextmanager
    async def fetch(self, asked: ObjectRequest) -> AsyncIterator[ObjectAnswer]:
        """As S3 does: who may not list the bucket does not learn that an object is missing."""
        bucket = f"arn:aws:s3:::{asked.bucket}"
        if not self._may(asked, "s3:GetObject", f"{bucket}/{asked.key}"):
            yield _refusal()
            return
        place = (asked.bucket, asked.key)
        async with self._aws.cloud.objects.ask(place, asked.method, asked.headers) as found:
            if found.status == 404 and not self._may(asked, "s3:ListBucket", bucket):
                yield _refusal()
                return
            yield ObjectAnswer(
                found.status,
                dict(found.headers),
                found.content_length,
                found.content.iter_chunked(1 << 16),
            )

    def _may(self, asked: ObjectRequest, action: str, resource: str) -> bool:
        if asked.identity:
            return self._lets_in(asked.bucket, asked.identity, action)
        who = _SERVICE if asked.distribution else _STRANGER
        return not self._aws.service(who, action, resource, source_arn=asked.distribution)

    def _lets_in(self, bucket: str, identity: str, action: str) -> bool:
        """Whether the bucket's policy names the origin access identity and the action. Its other
        parts are not decided."""
        return any(
            identity in value and any(fnmatchcase(action, each) for each in statement.actions)
            for each in self._blueprint().buckets
            for statement in (each.policy if each.name == bucket else ())
            if statement.effect == "Allow"
            for _, value in statement.principals
        )


def _refusal() -> ObjectAnswer:
    async def body() -> AsyncIterator[bytes]:
        yield _REFUSED

    return ObjectAnswer(403, {"content-type": "application/xml"}, len(_REFUSED), body())
