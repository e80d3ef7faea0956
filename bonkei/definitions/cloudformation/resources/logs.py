"""CloudWatch Logs: log groups."""

from __future__ import annotations

from collections.abc import Mapping

from bonkei.definitions.cloudformation.resources.kind import Kind, Made, Request, values


def _group(request: Request) -> Made:
    given = request.properties
    name = request.name("LogGroupName", 512)
    arn = request.place.arn("logs", f"log-group:{name}")
    state = values(
        id=name,
        name=name,
        arn=arn,
        retention_in_days=given.get("RetentionInDays", 0),
        kms_key_id=given.get("KmsKeyId", ""),
        log_group_class=given.get("LogGroupClass", "STANDARD"),
        deletion_protection_enabled=given.get("DeletionProtectionEnabled", False),
        tags=request.all_tags(),
    )
    return Made(name, {"Arn": f"{arn}:*"}, (("aws_cloudwatch_log_group", state),))


KINDS: Mapping[str, Kind] = {
    "AWS::Logs::LogGroup": Kind(
        _group,
        named_by="LogGroupName",
        unserved={
            "BearerTokenAuthenticationEnabled": "calls are signed with version 4 only",
            "DataProtectionPolicy": "no data is masked",
            "FieldIndexPolicies": "fields have no indexes",
            "ResourcePolicyDocument": "a log group's own policy is not asked",
        },
    ),
}
