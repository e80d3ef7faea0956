"""What CloudFront may read of a bucket, and what S3 tells whom it does not let in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import pytest

from bonkei.blueprint import Blueprint
from bonkei.blueprint.iam import PolicyStatement
from bonkei.blueprint.s3 import Bucket
from bonkei.miniature.parts.bucket_origins import BucketObjects
from bonkei.services.edge.objects import ObjectRequest

IDENTITY = "arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E1"
DISTRIBUTION = "arn:aws:cloudfront::123456789012:distribution/D1"


class Aws:
    """Allows actions, each by who asks, and has one object."""

    def __init__(self, allowed: set[tuple[str, str]]) -> None:
        self._allowed = allowed
        self.cloud = SimpleNamespace(objects=self)

    def service(self, who: str, action: str, _resource: str, source_arn: str = "") -> str:
        return "" if (f"{who} {source_arn}".strip(), action) in self._allowed else "denied"

    @asynccontextmanager
    async def ask(self, place: tuple[str, str], _method: str, _headers: Any) -> AsyncIterator[Any]:
        async def chunks(_size: int) -> AsyncIterator[bytes]:
            yield b"content"

        status = 200 if place == ("pages", "there") else 404
        yield SimpleNamespace(
            status=status,
            headers={},
            content_length=7,
            content=SimpleNamespace(iter_chunked=chunks),
        )


def statement(*actions: str) -> PolicyStatement:
    return PolicyStatement("p", "Allow", actions, principals=(("AWS", IDENTITY),))


SIGNED = f"cloudfront.amazonaws.com {DISTRIBUTION}"


@pytest.mark.parametrize(
    ("who", "allowed", "actions", "statuses"),
    [
        ({"distribution": DISTRIBUTION}, {(SIGNED, "s3:GetObject")}, (), [200, 403]),
        ({"distribution": DISTRIBUTION},
         {(SIGNED, "s3:GetObject"), (SIGNED, "s3:ListBucket")}, (), [200, 404]),
        ({"distribution": DISTRIBUTION}, set(), ("s3:*",), [403, 403]),
        ({"identity": "E1"}, set(), ("s3:GetObject",), [200, 403]),
        ({"identity": "E1"}, set(), ("s3:Get*", "s3:ListBucket"), [200, 404]),
        ({"identity": "E2"}, set(), ("s3:*",), [403, 403]),
        ({}, {("anonymous", "s3:GetObject")}, ("s3:*",), [200, 403]),
        ({}, set(), ("s3:*",), [403, 403]),
    ],
)  # fmt: skip
async def test_the_policy_decides(
    who: dict[str, str],
    allowed: set[tuple[str, str]],
    actions: tuple[str, ...],
    statuses: list[int],
) -> None:
    policy = (statement(*actions),) if actions else ()
    blueprint = Blueprint(buckets=(Bucket("b", "arn:aws:s3:::pages", "pages", policy=policy),))
    objects = BucketObjects(Aws(allowed), lambda: blueprint)  # type: ignore[arg-type]
    found = []
    for key in ("there", "missing"):
        async with objects.fetch(ObjectRequest("pages", key, "GET", {}, **who)) as answer:
            found.append(answer.status)
            said = b"".join([data async for data in answer.body])
        assert (b"AccessDenied" in said) == (answer.status == 403)
    assert found == statuses
