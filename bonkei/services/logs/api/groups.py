"""Log groups: create, describe, set retention, tag."""

from __future__ import annotations

import re
from dataclasses import replace

from bonkei.base.arn import log_group_name
from bonkei.services.logs.api.desk import (
    Answer,
    Desk,
    Parameters,
    given,
    page,
)
from bonkei.services.logs.errors import LogsError, invalid, no_such_group, out_of_bounds
from bonkei.services.logs.store.documents import GroupDocument
from bonkei.services.logs.store.group import LogGroup

RETENTION_DAYS = (
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922,
    3288, 3653,
)  # fmt: skip
"""Source: "PutRetentionPolicy" (docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference)."""

_NAME = re.compile(r"[.\-_/#A-Za-z0-9]{1,512}")
_MOST_TAGS = 50


def create_log_group(desk: Desk, parameters: Parameters) -> Answer:
    name = str(parameters["logGroupName"])
    if not _NAME.fullmatch(name):
        pattern = r"[\.\-_/#A-Za-z0-9]+"
        raise out_of_bounds(name, "logGroupName", f"satisfy regular expression pattern: {pattern}")
    desk.store.create_group(
        GroupDocument(
            name,
            desk.store.now,
            kms_key_id=str(parameters.get("kmsKeyId") or ""),
            log_class=str(parameters.get("logGroupClass") or "STANDARD"),
            deletion_protected=bool(parameters.get("deletionProtectionEnabled")),
            tags=dict(parameters.get("tags") or {}),
        )
    )
    return {}


def delete_log_group(desk: Desk, parameters: Parameters) -> Answer:
    group = desk.store.group(str(parameters["logGroupName"]))
    if group.document.deletion_protected:
        raise LogsError(
            "OperationAbortedException", "The log group has deletion protection enabled."
        )
    desk.store.delete_group(group.name)
    return {}


def describe_log_groups(desk: Desk, parameters: Parameters) -> Answer:
    prefix = str(parameters.get("logGroupNamePrefix") or "")
    pattern = str(parameters.get("logGroupNamePattern") or "")
    if prefix and pattern:
        raise invalid(
            "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters."
        )
    identifiers = {
        log_group_name(str(each)) for each in parameters.get("logGroupIdentifiers") or ()
    }
    log_class = parameters.get("logGroupClass")
    found = [
        (name, _described(desk, group))
        for name, group in desk.store.groups.items()
        if name.startswith(prefix)
        and pattern in name
        and (not identifiers or name in identifiers)
        and log_class in (None, group.document.log_class)
    ]
    return page("logGroups", found, parameters)


def _described(desk: Desk, group: LogGroup) -> Answer:
    document, arn = group.document, desk.arn(group.name)
    return given(
        logGroupName=document.name,
        creationTime=document.created,
        retentionInDays=document.retention or None,
        metricFilterCount=sum(f.log_group_name == group.name for f in desk.metric_filters()),
        arn=f"{arn}:*",
        logGroupArn=arn,
        storedBytes=group.stored_bytes(),
        kmsKeyId=document.kms_key_id or None,
        logGroupClass=document.log_class,
        deletionProtectionEnabled=document.deletion_protected,
    )


def put_retention_policy(desk: Desk, parameters: Parameters) -> Answer:
    days = int(parameters["retentionInDays"])
    if days not in RETENTION_DAYS:
        raise invalid(f"Invalid value for retentionInDays: {days}")
    return _change(desk, parameters, retention=days)


def delete_retention_policy(desk: Desk, parameters: Parameters) -> Answer:
    return _change(desk, parameters, retention=0)


def associate_kms_key(desk: Desk, parameters: Parameters) -> Answer:
    named = {"logGroupName": parameters.get("logGroupName") or _resource(parameters)}
    return _change(desk, named, kms_key_id=str(parameters["kmsKeyId"]))


def disassociate_kms_key(desk: Desk, parameters: Parameters) -> Answer:
    named = {"logGroupName": parameters.get("logGroupName") or _resource(parameters)}
    return _change(desk, named, kms_key_id="")


def put_deletion_protection(desk: Desk, parameters: Parameters) -> Answer:
    return _change(
        desk, parameters, deletion_protected=bool(parameters["deletionProtectionEnabled"])
    )


def _change(desk: Desk, parameters: Parameters, **changes: object) -> Answer:
    group = desk.group(parameters)
    group.change(replace(group.document, **changes))  # type: ignore[arg-type]
    return {}


# Tags, by ARN, and by name for older clients.


def tag(desk: Desk, parameters: Parameters) -> Answer:
    group = _tagged(desk, parameters)
    tags = dict(group.document.tags) | dict(parameters["tags"])
    if len(tags) > _MOST_TAGS:
        raise LogsError("TooManyTagsException", f"A resource can have at most {_MOST_TAGS} tags.")
    group.change(replace(group.document, tags=tags))
    return {}


def untag(desk: Desk, parameters: Parameters) -> Answer:
    group = _tagged(desk, parameters)
    gone = set(parameters.get("tagKeys") or parameters.get("tags") or ())
    tags = {key: value for key, value in group.document.tags.items() if key not in gone}
    group.change(replace(group.document, tags=tags))
    return {}


def list_tags(desk: Desk, parameters: Parameters) -> Answer:
    return {"tags": dict(_tagged(desk, parameters).document.tags)}


def _tagged(desk: Desk, parameters: Parameters) -> LogGroup:
    return desk.store.group(str(parameters.get("logGroupName") or _resource(parameters)))


def _resource(parameters: Parameters) -> str:
    arn = str(parameters.get("resourceArn") or parameters.get("resourceIdentifier") or "")
    if ":log-group:" not in arn:
        raise no_such_group()
    return log_group_name(arn)
