"""Puts AWS's services' objects into buckets. Each call asks for permission in its service's name
first."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from bonkei.base.arn import Arn
from bonkei.base.aws_service import Asks
from bonkei.base.load_balancer_accounts import LOG_DELIVERY_ACCOUNTS
from bonkei.blueprint import Blueprint
from bonkei.blueprint.s3 import Bucket
from bonkei.services.logs.delivery.requests.target import Deliverer

Put = Callable[[str, str, bytes], Awaitable[str]]
_FULL_CONTROL = {"s3:x-amz-acl": ("bucket-owner-full-control",)}
_WITHOUT_LISTS = "BucketOwnerEnforced"


class LogDelivery:
    """Calling it delivers an object. Returns the error, or an empty text."""

    def __init__(self, put: Put, asks: Asks, blueprint: Callable[[], Blueprint]) -> None:
        self._put = put
        self._asks = asks
        self._blueprint = blueprint

    async def __call__(self, bucket: str, key: str, content: bytes, by: Deliverer) -> str:
        return self._denial(bucket, key, by) or await self._put(bucket, key, content)

    def _denial(self, name: str, key: str, by: Deliverer) -> str:
        buckets = self._blueprint().buckets
        bucket = next((each for each in buckets if each.name == name), None)
        if bucket is None:
            return ""  # the bucket is elsewhere, so nothing is known about it
        if not by.service:
            return _access_control_list(bucket)
        if by.grants_itself and not bucket.policy:
            return ""
        region = Arn.of(by.source_arn).region
        account = LOG_DELIVERY_ACCOUNTS.get(region, "")
        accounts = (account,) if account and "loadbalancing" in by.service else ()
        return self._asks.service(
            by.service, "s3:PutObject", f"{bucket.arn}/{key}", by.source_arn, accounts,
            _FULL_CONTROL,
        )  # fmt: skip


def _access_control_list(bucket: Bucket) -> str:
    """CloudFront (legacy) refuses a bucket without access control lists, and they are off unless
    declared: "Standard logging (legacy)", "Required permissions".

    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/AccessLogs.html
    """
    for setting in bucket.settings:
        if setting.name == "ownershipControls":
            rules = setting.document["Rule"]
            if all(rule["ObjectOwnership"] != _WITHOUT_LISTS for rule in rules):
                return ""
    return (
        f"InvalidArgument: The S3 bucket {bucket.name} that you specified for CloudFront logs does "
        "not enable ACL access"
    )
