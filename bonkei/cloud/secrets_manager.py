"""Secrets Manager: the declared secrets, with the values of the vault, which tasks get too."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bonkei.blueprint.secret import Secret
from bonkei.cloud.errors import Answer, ApiError
from bonkei.cloud.services import Asked, Operation
from bonkei.vault import Vault

_CURRENT = "AWSCURRENT"


def operations(secrets: Callable[[], Sequence[Secret]], vault: Vault) -> Mapping[str, Operation]:
    """`secrets`: those that are declared now. Secrets that programs make are refused by name."""

    async def get_secret_value(asked: Asked) -> Answer:
        secret = _find(secrets(), asked)
        value = vault.get(secret.arn)
        stage = asked.parameters.get("VersionStage", _CURRENT)
        version = "" if value is None else _version(value)
        if (
            value is None
            or stage != _CURRENT
            or asked.parameters.get("VersionId", version) != version
        ):
            raise ApiError(
                "ResourceNotFoundException",
                f"Secrets Manager can't find the specified secret value for staging label: {stage}",
            )
        return _json(
            {**_names(secret), "VersionId": version, "VersionStages": [_CURRENT],
             "SecretString": value}
        )  # fmt: skip

    async def describe_secret(asked: Asked) -> Answer:
        return _json(_description(_find(secrets(), asked), vault))

    async def list_secrets(_: Asked) -> Answer:
        return _json({"SecretList": [_description(secret, vault) for secret in secrets()]})

    async def put_secret_value(asked: Asked) -> Answer:
        secret = _find(secrets(), asked)
        value = asked.parameters.get("SecretString")
        if not isinstance(value, str):
            raise ApiError(
                "InvalidParameterException",
                "The miniature keeps SecretString only, no SecretBinary.",
            )
        vault.put(secret.arn, value)
        return _json({**_names(secret), "VersionId": _version(value), "VersionStages": [_CURRENT]})

    return {
        "DescribeSecret": describe_secret,
        "GetSecretValue": get_secret_value,
        "ListSecrets": list_secrets,
        "PutSecretValue": put_secret_value,
    }


def _find(secrets: Sequence[Secret], asked: Asked) -> Secret:
    """By name, ARN, or an ARN without its six random characters."""
    wanted = str(asked.parameters.get("SecretId", ""))
    for secret in secrets:
        if wanted and wanted in (secret.name, secret.arn, secret.arn[:-7]):
            return secret
    raise ApiError("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")


def _names(secret: Secret) -> dict[str, str]:
    return {"ARN": secret.arn, "Name": secret.name}


def _description(secret: Secret, vault: Vault) -> dict[str, Any]:
    value = vault.get(secret.arn)
    described: dict[str, Any] = _names(secret)
    if secret.kms_key_id:
        described["KmsKeyId"] = secret.kms_key_id
    if value is not None:
        described["VersionIdsToStages"] = {_version(value): [_CURRENT]}
    return described


def _version(value: str) -> str:
    """An id that changes with the value, and says nothing of it."""
    digest = hashlib.sha256(b"version\0" + value.encode()).hexdigest()
    return f"{digest[:8]}-{digest[8:12]}-4{digest[13:16]}-8{digest[17:20]}-{digest[20:32]}"


def _json(content: Mapping[str, Any]) -> Answer:
    headers = (("content-type", "application/x-amz-json-1.1"),)
    return Answer(200, json.dumps(content).encode(), headers)
