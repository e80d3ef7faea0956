"""The permissions of all other services' operations: action and ARN.

"Actions, resources, and condition keys for AWS services", the Service Authorization Reference:
https://docs.aws.amazon.com/service-authorization/latest/reference/
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from bonkei.cloud.permission import rooms
from bonkei.cloud.permission.names import Names
from bonkei.cloud.permission.requirement import ALL, Requirement

Parameters = Mapping[str, Any]
_Find = Callable[[str, Parameters, Names], Iterator[Requirement]]


def required(
    service: str, operation: str, parameters: Parameters, names: Names
) -> tuple[Requirement, ...] | None:
    """The permissions, if any; None for an unknown service."""
    find = _SERVICES.get(service) or rooms.finder(service)
    return None if find is None else tuple(find(operation, parameters, names))


def _sqs(operation: str, given: Parameters, names: Names) -> Iterator[Requirement]:
    action = "sqs:" + operation.removesuffix("Batch")
    if operation == "ListQueues":
        yield Requirement(action)
        return
    name = str(given.get("QueueName") or given.get("QueueUrl") or given.get("SourceArn") or "")
    arn = names.place.arn("sqs", name.rpartition("/")[2].rpartition(":")[2])
    yield Requirement(action, arn)
    if (key := names.queue_keys.get(arn)) and operation.startswith("SendMessage"):
        yield with_key("GenerateDataKey", key, names.place.service("sqs"))
        yield with_key("Decrypt", key, names.place.service("sqs"))
    elif key and operation == "ReceiveMessage":
        yield with_key("Decrypt", key, names.place.service("sqs"))


_SNS_WITHOUT = (
    "ListTopics", "ListSubscriptions", "CheckIfPhoneNumberIsOptedOut", "GetSMSAttributes",
    "SetSMSAttributes", "ListPhoneNumbersOptedOut",
    "ListOriginationNumbers",
)  # fmt: skip


def _sns(operation: str, given: Parameters, names: Names) -> Iterator[Requirement]:
    action = "sns:" + operation.removesuffix("Batch")
    arn = next(
        (str(given[name]) for name in ("TopicArn", "TargetArn", "ResourceArn") if given.get(name)),
        "",
    )
    if not arn and given.get("SubscriptionArn"):
        arn = str(given["SubscriptionArn"]).rpartition(":")[0]
    if not arn and given.get("Name"):
        arn = names.place.arn("sns", str(given["Name"]))
    yield Requirement(action, ALL if operation in _SNS_WITHOUT else arn or ALL)
    if operation.startswith("Publish") and (key := names.topic_keys.get(arn)):
        yield with_key("GenerateDataKey", key, names.place.service("sns"))
        yield with_key("Decrypt", key, names.place.service("sns"))


_PARTIQL_TABLE = re.compile(r"""(?:\bfrom|\binto|^\s*update)\s+["']?([\w.-]+)""", re.IGNORECASE)
_DYNAMODB_WITHOUT = ("ListTables", "DescribeLimits", "DescribeEndpoints", "ListStreams")
_IN_TRANSACTION = {"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem",
                   "ConditionCheck": "ConditionCheckItem", "Get": "GetItem"}  # fmt: skip


def _dynamodb(operation: str, given: Parameters, names: Names) -> Iterator[Requirement]:
    if operation in _DYNAMODB_WITHOUT:
        yield Requirement(f"dynamodb:{operation}")
    elif operation.startswith("Transact"):
        for item in given.get("TransactItems") or ():
            for kind, details in item.items():
                action = _IN_TRANSACTION.get(kind, kind)
                yield Requirement(f"dynamodb:{action}", names.table(details.get("TableName", "")))
    elif isinstance(given.get("RequestItems"), Mapping):
        for table in given["RequestItems"]:
            yield Requirement(f"dynamodb:{operation}", names.table(table))
    elif operation in ("ExecuteStatement", "BatchExecuteStatement", "ExecuteTransaction"):
        for each in given.get("Statements") or given.get("TransactStatements") or (given,):
            yield _partiql(str(each.get("Statement", "")), names)
    else:
        arn = given.get("StreamArn") or given.get("ResourceArn") or _stream_of(given)
        table = str(arn) if arn else names.table(str(given.get("TableName", "")))
        if index := given.get("IndexName"):
            table += f"/index/{index}"
        yield Requirement(f"dynamodb:{operation}", table)


def _stream_of(given: Parameters) -> str:
    """The stream that the store has written into an iterator; an empty text if it is not an
    iterator."""
    try:
        found = json.loads(base64.urlsafe_b64decode(str(given["ShardIterator"]).encode()))
        return str(found["arn"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return ""


def _partiql(statement: str, names: Names) -> Requirement:
    verb = statement.split(maxsplit=1)[0].capitalize() if statement.strip() else ""
    found = _PARTIQL_TABLE.search(statement)
    return Requirement(f"dynamodb:PartiQL{verb}", names.table(found[1] if found else ""))


def _ssm(operation: str, given: Parameters, names: Names) -> Iterator[Requirement]:
    if operation == "DescribeParameters":
        yield Requirement("ssm:DescribeParameters")
        return
    named = given.get("Names") or [
        given.get("Name") or given.get("Path") or given.get("ResourceId") or ""
    ]
    decrypts = operation.startswith("GetParameter") and _is_true(given.get("WithDecryption"))
    for name in named:
        arn = names.parameter(str(name))
        yield Requirement(f"ssm:{operation}", arn)
        key = names.parameter_keys.get(arn)
        if key and (decrypts or (operation == "PutParameter")):
            yield with_key("Decrypt" if decrypts else "Encrypt", key, names.place.service("ssm"))


_KMS_WITHOUT = ("CreateKey", "GenerateRandom", "ListAliases", "ListKeys", "ListRetirableGrants")


def _kms(operation: str, given: Parameters, names: Names) -> Iterator[Requirement]:
    if operation in _KMS_WITHOUT:
        yield Requirement(f"kms:{operation}")
        return
    if operation == "ReEncrypt":
        yield Requirement("kms:ReEncryptFrom", names.key(str(given.get("SourceKeyId") or "")))
        yield Requirement("kms:ReEncryptTo", names.key(str(given.get("DestinationKeyId") or "")))
        return
    context = {
        f"kms:encryptioncontext:{name.lower()}": (str(value),)
        for name, value in (given.get("EncryptionContext") or {}).items()
    }
    key = str(given.get("KeyId") or given.get("TargetKeyId") or "")
    if not key and given.get("CiphertextBlob"):
        key = names.key_of_ciphertext(str(given["CiphertextBlob"]))
    if alias := given.get("AliasName"):
        yield Requirement(f"kms:{operation}", names.place.arn("kms", str(alias)))
        if not key:
            key = str(alias)
    yield Requirement(f"kms:{operation}", names.key(key), context=context)


_SECRETS_WITHOUT = ("GetRandomPassword", "ListSecrets")


def _secretsmanager(operation: str, given: Parameters, names: Names) -> Iterator[Requirement]:
    if operation in _SECRETS_WITHOUT:
        yield Requirement(f"secretsmanager:{operation}")
        return
    action = operation
    wanted = [str(given.get("SecretId") or given.get("Name") or "")]
    if operation == "BatchGetSecretValue":
        yield Requirement("secretsmanager:BatchGetSecretValue")
        action, wanted = "GetSecretValue", [str(each) for each in given.get("SecretIdList") or ()]
    for secret in wanted:
        arn = names.secret(secret)
        yield Requirement(f"secretsmanager:{action}", arn)
        if key := names.secret_keys.get(arn):
            if action == "GetSecretValue":
                yield with_key("Decrypt", key, names.place.service("secretsmanager"))
            elif action in ("PutSecretValue", "UpdateSecret", "CreateSecret"):
                yield with_key("GenerateDataKey", key, names.place.service("secretsmanager"))
                yield with_key("Decrypt", key, names.place.service("secretsmanager"))


def _sts(operation: str, given: Parameters, _: Names) -> Iterator[Requirement]:
    """GetCallerIdentity needs no permission, by its own documentation. Only the role's trust policy
    sees a second factor. The session from AssumeRole does not ("Secure API access with MFA" of
    IAM's guide)."""
    if operation.startswith("Assume"):
        factor = bool(given.get("SerialNumber") and given.get("TokenCode"))
        context = {"aws:multifactorauthpresent": ("true",), "aws:multifactorauthage": ("0",)}
        role = str(given.get("RoleArn") or ALL)
        yield Requirement(f"sts:{operation}", role, context=context if factor else {})


_LOGS_WITHOUT = (
    "DescribeLogGroups", "DescribeResourcePolicies", "PutResourcePolicy", "DeleteResourcePolicy",
    "DescribeDestinations", "DescribeQueries", "TestMetricFilter",
)  # fmt: skip


def _logs(operation: str, given: Parameters, names: Names) -> Iterator[Requirement]:
    action = f"logs:{operation}"
    group = str(given.get("logGroupName") or given.get("logGroupIdentifier") or "")
    groups = [group] if group else [str(each) for each in given.get("logGroupIdentifiers") or ()]
    if operation in _LOGS_WITHOUT:
        yield Requirement(action)
        return
    if arn := given.get("resourceArn"):
        yield Requirement(action, str(arn))
    for each in groups:
        name = each.partition(":log-group:")[2].removesuffix(":*") or each
        of_group = names.place.arn("logs", f"log-group:{name}")
        stream = f"{of_group}:log-stream:{given.get('logStreamName') or ''}"
        # Policies name a group with and without `:*`. For a stream's actions, only the former
        # matches.
        yield Requirement(action, stream, "" if given.get("logStreamName") else of_group)


def with_key(action: str, key: str, via: str) -> Requirement:
    """An action on the key that a service uses with the caller's own permission."""
    return Requirement(f"kms:{action}", key, context={"kms:viaservice": (via,)})


def _is_true(value: object) -> bool:
    return value is True or str(value).lower() == "true"


_SERVICES: dict[str, _Find] = {
    "sqs": _sqs,
    "sns": _sns,
    "dynamodb": _dynamodb,
    "ssm": _ssm,
    "kms": _kms,
    "secretsmanager": _secretsmanager,
    "sts": _sts,
    "logs": _logs,
}
OBSERVED = frozenset({"s3", *_SERVICES}) | rooms.OBSERVED
"""The services with calls that are seen and decided here, by their names in actions."""
