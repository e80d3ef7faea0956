"""Each writer of an access log has permission: otherwise AWS silently drops its records."""

from __future__ import annotations

import json
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

import pytest
from evaluations import Evaluation

ACCOUNT = "123456789012"


def test_every_bucket_that_logs_has_permission(production: Evaluation) -> None:
    told = production.values("aws_s3_bucket_logging")
    assert {found["bucket"] for found in told} == {
        f"statuspage-production-log-queries-{ACCOUNT}",
        f"statuspage-production-program-artifacts-{ACCOUNT}",
        f"statuspage-production-program-logs-{ACCOUNT}",
    }
    for found in told:
        key = (
            f"{found['target_bucket']}/{found['target_prefix']}2026-11-25-03-00-00-0123456789ABCDEF"
        )
        source = f"arn:aws:s3:::{found['bucket']}"
        assert lets(production, found["target_bucket"], "logging.s3.amazonaws.com", key, source)


@pytest.mark.parametrize("form", ["production", "internal"])
def test_the_load_balancer_has_permission(form: str, request: pytest.FixtureRequest) -> None:
    evaluation: Evaluation = request.getfixturevalue(form)
    (load_balancer,) = evaluation.values("aws_lb")
    (log,) = load_balancer["access_logs"]
    key = f"{log['bucket']}/{log['prefix']}/AWSLogs/{ACCOUNT}/elasticloadbalancing/x.log.gz"
    writer = "logdelivery.elasticloadbalancing.amazonaws.com"
    assert lets(evaluation, log["bucket"], writer, key, load_balancer["arn"])


def test_no_other_environment_has_permission(production: Evaluation) -> None:
    bucket = f"statuspage-production-access-logs-{ACCOUNT}"
    source = f"arn:aws:s3:::statuspage-staging-program-logs-{ACCOUNT}"
    assert not lets(production, bucket, "logging.s3.amazonaws.com", f"{bucket}/s3/x", source)


def lets(evaluation: Evaluation, bucket: str, service: str, key: str, source: str) -> bool:
    """Whether a bucket's policy lets a service write an object on behalf of a resource."""
    return any(
        fnmatchcase(f"arn:aws:s3:::{key}", statement["Resource"])
        and any(fnmatchcase(source, each) for each in sources(statement))
        for statement in statements(evaluation, bucket)
        if statement["Effect"] == "Allow"
        and statement["Action"] == "s3:PutObject"
        and statement["Principal"] == {"Service": service}
    )


def sources(statement: dict[str, Any]) -> list[str]:
    found = statement["Condition"]["ArnLike"]["aws:SourceArn"]
    return [found] if isinstance(found, str) else found


def statements(evaluation: Evaluation, bucket: str) -> Iterator[dict[str, Any]]:
    for found in evaluation.values("aws_s3_bucket_policy"):
        if found["bucket"] == bucket:
            yield from json.loads(found["policy"])["Statement"]
