"""CloudWatch Logs: log groups."""

from __future__ import annotations

from collections.abc import Mapping

from bonkei.definitions.cloudformation.resources.kind import Kind, Made, Request, plain


def _group(request: Request) -> Made:
    name = request.name("LogGroupName", 512)
    arn = request.place.arn("logs", f"log-group:{name}")
    settings = "RetentionInDays KmsKeyId LogGroupClass DeletionProtectionEnabled"
    state = {"id": name, "name": name, "arn": arn, **plain(request.properties, settings)}
    state["tags"] = request.all_tags()
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
