"""The permissions of all other services' operations: action and ARN.

"Actions, resources, and condition keys for AWS services", the Service Authorization Reference:
https://docs.aws.amazon.com/service-authorization/latest/reference/
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import urlparse

from bonkei.base.arn import Arn, log_group_name
from bonkei.services.endpoint.errors import ApiError
from bonkei.services.endpoint.permission import dynamodb, own_services
from bonkei.services.endpoint.permission.names import Names
from bonkei.services.endpoint.permission.requirement import ALL, Requirement

Parameters = Mapping[str, Any]
_Find = Callable[[str, Parameters, Names], Iterator[Requirement]]


def required(
    service: str, operation: str, parameters: Parameters, names: Names
) -> tuple[Requirement, ...] | None:
    """The permissions, if any; None for an unknown service."""
    find = _SERVICES.get(service) or own_services.finder(service)
    return None if find is None else tuple(find(operation, parameters, names))


_SQS_MOVES = ("StartMessageMoveTask", "ListMessageMoveTasks")


def _sqs(operation: str, given: Parameters, names: Names) -> Iterator[Requirement]:
    action = "sqs:" + operation.removesuffix("Batch")
    if operation == "ListQueues":
        yield Requirement(action)
        return
    named = "QueueName" if operation in ("CreateQueue", "GetQueueUrl") else "QueueUrl"
    name = str(given.get("SourceArn" if operation in _SQS_MOVES else named) or "")
    path = urlparse(name).path if "://" in name else name  # without a query, as the store reads it
    arn = names.place.arn("sqs", path.strip("/").rpartition("/")[2].rpartition(":")[2])
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
    context = _said("sns", given, "Protocol", "Endpoint") if operation == "Subscribe" else {}
    yield Requirement(action, ALL if operation in _SNS_WITHOUT else arn or ALL, context=context)
    if operation.startswith("Publish") and (key := names.topic_keys.get(arn)):
        yield with_key("GenerateDataKey", key, names.place.service("sns"))
        yield with_key("Decrypt", key, names.place.service("sns"))


def _ssm(operation: str, given: Parameters, names: Names) -> Iterator[Requirement]:
    if operation == "DescribeParameters":
        yield Requirement("ssm:DescribeParameters")
        return
    named = (
        (given.get("Names") or [""]) if operation in _SSM_OF_MANY else [_ssm_name(operation, given)]
    )
    decrypts = operation.startswith("GetParameter") and _is_true(given.get("WithDecryption"))
    flag = {"GetParametersByPath": "Recursive", "PutParameter": "Overwrite"}.get(operation, "")
    context = {f"ssm:{flag.lower()}": (str(_is_true(given.get(flag))).lower(),)} if flag else {}
    for name in named:
        arn = names.parameter(_without_selector(str(name)))
        yield Requirement(f"ssm:{operation}", arn, context=context)
        key = names.parameter_keys.get(arn)
        if key and (decrypts or (operation == "PutParameter")):
            yield with_key("Decrypt" if decrypts else "Encrypt", key, names.place.service("ssm"))


_SSM_OF_MANY = ("GetParameters", "DeleteParameters")


def _ssm_name(operation: str, given: Parameters) -> str:
    if operation == "GetParametersByPath":
        return str(given.get("Path") or "")
    is_of_any = operation.endswith(("ToResource", "FromResource", "ForResource"))
    return str(given.get("ResourceId" if is_of_any else "Name") or "")


def _without_selector(name: str) -> str:
    """A version or a label after the name is not part of the parameter's ARN."""
    colons = 5 if name.startswith("arn:") else 0
    return name.rpartition(":")[0] if name.count(":") > colons else name


_KMS_WITHOUT = ("CreateKey", "GenerateRandom", "ListAliases", "ListKeys", "ListRetirableGrants")


def _kms(operation: str, given: Parameters, names: Names) -> Iterator[Requirement]:
    if operation in _KMS_WITHOUT:
        yield Requirement(f"kms:{operation}")
        return
    if operation == "ReEncrypt":
        yield Requirement("kms:ReEncryptFrom", names.key(_decrypting(given, "SourceKeyId", names)))
        yield Requirement("kms:ReEncryptTo", names.key(str(given.get("DestinationKeyId") or "")))
        return
    context: dict[str, tuple[str, ...]] = {
        f"kms:encryptioncontext:{name.lower()}": (str(value),)
        for name, value in (given.get("EncryptionContext") or {}).items()
    }
    if context:
        context["kms:encryptioncontextkeys"] = tuple(map(str, given["EncryptionContext"]))
    of_alias = operation in ("CreateAlias", "UpdateAlias", "DeleteAlias")
    key = str(given.get("TargetKeyId" if of_alias else "KeyId") or "")
    if operation == "Decrypt":
        key = _decrypting(given, "KeyId", names)
    if of_alias and (alias := given.get("AliasName")):
        yield Requirement(f"kms:{operation}", names.place.arn("kms", str(alias)))
        if not key:
            key = str(alias)
    yield Requirement(f"kms:{operation}", names.key(key), context=context)


def _decrypting(given: Parameters, name: str, names: Names) -> str:
    """The key that decrypts. Raises ApiError if the parameter of this name is another one: "If you
    use a different KMS key, the operation throws an IncorrectKeyException" (KMS API Reference)."""
    made_by = names.key_of_ciphertext(str(given.get("CiphertextBlob") or ""))
    key = str(given.get(name) or made_by)
    if made_by and names.key(key) != names.key(made_by):
        raise ApiError(
            "IncorrectKeyException",
            "The key ID in the request does not identify a CMK that can perform this operation.",
        )
    return key


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
    context = _said("secretsmanager", given, "VersionId", "VersionStage")
    for secret in wanted:
        arn = names.secret(secret)
        yield Requirement(f"secretsmanager:{action}", arn, context=context)
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
        said = _said("sts", given, "ExternalId", "RoleSessionName", "SourceIdentity")
        role = str(given.get("RoleArn") or ALL)
        require_role_arn(role)
        said |= context if factor else {}
        yield Requirement(f"sts:{operation}", role, context=said)
        if given.get("Tags"):
            yield Requirement("sts:TagSession", role, context=said)
        if given.get("SourceIdentity"):
            yield Requirement("sts:SetSourceIdentity", role, context=said)


def require_role_arn(role: str) -> None:
    """Raises ApiError as STS does, before it looks for the role."""
    arn = Arn.of(role)
    if role != ALL and not (arn.partition and arn.service and arn.resource):
        raise ApiError("ValidationError", f"{role} is invalid")


_LOGS_WITHOUT = (
    "DescribeLogGroups", "DescribeResourcePolicies", "PutResourcePolicy", "DeleteResourcePolicy",
    "DescribeDestinations", "DescribeQueries", "DescribeQueryDefinitions", "GetQueryResults",
    "StopQuery", "GetLogRecord", "TestMetricFilter",
)  # fmt: skip


def _logs(operation: str, given: Parameters, names: Names) -> Iterator[Requirement]:
    action = f"logs:{operation}"
    named = [given.get("logGroupName"), given.get("logGroupIdentifier")]
    several = (*(given.get("logGroupIdentifiers") or ()), *(given.get("logGroupNames") or ()))
    groups = [str(each) for each in (*named, *several) if each]
    if operation in _LOGS_WITHOUT:
        yield Requirement(action)
        return
    if arn := given.get("resourceArn"):
        yield Requirement(action, str(arn))
    elif not groups:  # of all groups, such as DescribeMetricFilters
        yield Requirement(action, names.place.arn("logs", "log-group:*"))
    for each in groups:
        of_group = names.place.arn("logs", f"log-group:{log_group_name(each)}")
        stream = f"{of_group}:log-stream:{given.get('logStreamName') or ''}"
        # Policies name a group with and without `:*`. For a stream's actions, only the former
        # matches.
        yield Requirement(action, stream, "" if given.get("logStreamName") else of_group)


def with_key(action: str, key: str, via: str) -> Requirement:
    """An action on the key that a service uses with the caller's own permission."""
    return Requirement(f"kms:{action}", key, context={"kms:viaservice": (via,)})


def _said(service: str, given: Parameters, *names: str) -> dict[str, tuple[str, ...]]:
    """The condition keys of a service that have their values from parameters of the same name."""
    return {
        f"{service}:{name.lower()}": (str(given[name]),)
        for name in names
        if given.get(name) is not None
    }


def _is_true(value: object) -> bool:
    return value is True or str(value).lower() == "true"


_SERVICES: dict[str, _Find] = {
    "sqs": _sqs,
    "sns": _sns,
    "dynamodb": dynamodb.required,
    "ssm": _ssm,
    "kms": _kms,
    "secretsmanager": _secretsmanager,
    "sts": _sts,
    "logs": _logs,
}
OBSERVED = frozenset({"s3", *_SERVICES}) | own_services.OBSERVED
"""The services with calls that are seen and decided here, by their names in actions."""
