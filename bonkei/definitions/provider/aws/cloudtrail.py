"""AWS CloudTrail: trails.

https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_CreateTrail.html
"""

from __future__ import annotations

from collections.abc import Mapping

from bonkei.definitions.provider.aws.s3 import bucket_name
from bonkei.definitions.provider.aws.shared.checks import at, matches
from bonkei.definitions.provider.aws.shared.formats import arn
from bonkei.definitions.provider.aws.shared.naming import Mint
from bonkei.definitions.provider.aws.shared.resource import resource
from bonkei.definitions.provider.behaviour import ResourceBehaviour
from bonkei.definitions.provider.values import Value


def _trail(mint: Mint) -> Mapping[str, Value]:
    identifier = mint.arn("cloudtrail", f"trail/{mint.given('name')}")
    topic = mint.given("sns_topic_name")
    return {
        "id": identifier,
        "arn": identifier,
        "home_region": mint.region,
        "sns_topic_arn": mint.arn("sns", str(topic)) if topic else "",
    }


RESOURCES: Mapping[str, ResourceBehaviour] = {
    "aws_cloudtrail": resource(
        _trail,
        at("name", matches(r"[a-zA-Z0-9][\w.-]+[a-zA-Z0-9]", "letters, digits")),
        at("s3_bucket_name", bucket_name),
        at("cloud_watch_logs_role_arn", arn("iam")),
        at("cloud_watch_logs_group_arn", arn("logs")),
        at("kms_key_id", arn("kms")),
    ),
}
