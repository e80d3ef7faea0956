"""Objects that AWS's services put into buckets: the bucket's policy decides, by AWS's rules."""

from __future__ import annotations

from pathlib import Path

import pytest

from bonkei.base.aws_service import NothingIsAsked
from bonkei.blueprint import Blueprint
from bonkei.blueprint.iam import PolicyStatement
from bonkei.blueprint.s3 import Bucket, BucketSetting
from bonkei.miniature.parts.logs.delivery import LogDelivery
from bonkei.services.endpoint.asking import Asking
from bonkei.services.endpoint.identity.credentials import Issuer
from bonkei.services.endpoint.permission.authorizer import Authorizer
from bonkei.services.endpoint.permission.estate import Estate
from bonkei.services.endpoint.permission.ledger import Ledger
from bonkei.services.endpoint.permission.requirement import Place
from bonkei.services.logs.delivery.requests.target import Deliverer

ACCOUNT, REGION = "123456789012", "ap-northeast-1"
BALANCER = f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:loadbalancer/app/web/1"
BY_BALANCER = Deliverer("logdelivery.elasticloadbalancing.amazonaws.com", BALANCER, ACCOUNT)
BY_WAF = Deliverer(
    "delivery.logs.amazonaws.com", f"arn:aws:logs:{REGION}:{ACCOUNT}:*", ACCOUNT, grants_itself=True
)
BY_CLOUDFRONT = Deliverer("", "arn:aws:cloudfront::1:distribution/E1", ACCOUNT)


def lets(kind: str, principal: str, *conditions: tuple[str, str, str]) -> PolicyStatement:
    return PolicyStatement(
        "p", "Allow", ("s3:PutObject",), resources=("arn:aws:s3:::logs/alb/*",),
        principals=((kind, principal),), conditions=conditions,
    )  # fmt: skip


OF_BALANCER = lets("Service", BY_BALANCER.service, ("ArnLike", "aws:SourceArn", BALANCER))
OF_ACCOUNT = lets("AWS", "arn:aws:iam::582318560864:root")
OF_DELIVERY = lets("Service", BY_WAF.service, ("StringEquals", "aws:SourceAccount", ACCOUNT))
OWNED = "ownershipControls", "OwnershipControls"


@pytest.fixture
def deliver(tmp_path: Path):
    """The answer to one delivery, to a bucket with these statements and settings."""

    async def run(
        by: Deliverer, *policy: PolicyStatement, settings: tuple[BucketSetting, ...] = ()
    ) -> str:
        bucket = Bucket("b", "arn:aws:s3:::logs", "logs", policy=policy, settings=settings)
        blueprint = Blueprint(buckets=(bucket,))
        ledger = Ledger(tmp_path)
        ledger.open()
        authorizer = Authorizer("on", ledger)
        authorizer.use(Estate(blueprint, Place(ACCOUNT, REGION)))
        asking = Asking(authorizer, Issuer(b"k" * 32, ACCOUNT))
        taken = []

        async def put(*given: object) -> str:
            taken.append(given)
            return ""

        error = await LogDelivery(put, asking, lambda: blueprint)(
            "logs", "alb/AWSLogs/x.gz", b"", by
        )
        assert bool(taken) is not bool(error), "what is denied is not written"
        return error

    return run


@pytest.mark.parametrize("statement", [OF_BALANCER, OF_ACCOUNT], ids=["service", "account"])
async def test_a_load_balancer_needs_the_buckets_policy(deliver, statement) -> None:
    """ "Enable access logs": through the service's name, or its account in older regions."""
    assert await deliver(BY_BALANCER, statement) == ""
    denied = await deliver(BY_BALANCER)
    assert "s3:PutObject" in denied
    assert "arn:aws:s3:::logs/alb/AWSLogs/x.gz" in denied
    other = lets("Service", BY_BALANCER.service, ("ArnLike", "aws:SourceArn", f"{BALANCER}2"))
    assert "s3:PutObject" in await deliver(BY_BALANCER, other)


async def test_deliveries_of_cloudwatch_logs_write_their_own_policy_where_there_is_none(
    deliver,
) -> None:
    """ "AWS service logging requires permissions": AWS writes the bucket's policy if it has none.
    A declared policy stays unchanged.
    """
    assert await deliver(BY_WAF) == ""
    assert await deliver(BY_WAF, OF_DELIVERY) == ""
    assert "s3:PutObject" in await deliver(BY_WAF, OF_BALANCER)


async def test_cloudfronts_legacy_log_needs_access_control_lists(deliver) -> None:
    def owned(by: str) -> tuple[BucketSetting, ...]:
        return (BucketSetting(*OWNED, {"Rule": [{"ObjectOwnership": by}]}),)

    assert "does not enable ACL access" in await deliver(BY_CLOUDFRONT)
    enforced = await deliver(BY_CLOUDFRONT, settings=owned("BucketOwnerEnforced"))
    assert "does not enable ACL access" in enforced
    assert await deliver(BY_CLOUDFRONT, settings=owned("BucketOwnerPreferred")) == ""


class Unasked(NothingIsAsked):
    def service(self, *_: object, **__: object) -> str:
        pytest.fail("asks")


async def test_nothing_is_decided_about_a_bucket_elsewhere() -> None:
    async def put(*_: object) -> str:
        return "NoSuchBucket: it is not here"

    deliver = LogDelivery(put, Unasked(), Blueprint)
    assert (await deliver("theirs", "k", b"", BY_BALANCER)).startswith("NoSuchBucket")
