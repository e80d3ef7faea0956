"""Secrets Manager: the declared secrets, with the vault's values. Tasks get the same values."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from bonkei.base.aws_service import AwsCall, AwsService, AwsServiceError, Operations
from bonkei.base.paging import page_of
from bonkei.base.vault import Vault
from bonkei.blueprint.rds import DatabaseCluster
from bonkei.blueprint.secretsmanager import Secret

_CURRENT = "AWSCURRENT"


def service(secrets: Callable[[], Sequence[Secret]], vault: Vault) -> AwsService:
    """`secrets`: the currently declared ones. A program's call to create a secret is refused by
    name."""
    return Operations.of(_SecretsManager(secrets, vault))


class _SecretsManager:
    def __init__(self, secrets: Callable[[], Sequence[Secret]], vault: Vault) -> None:
        self._secrets = secrets
        self._vault = vault

    async def get_secret_value(self, call: AwsCall) -> Mapping[str, Any]:
        secret = _find(self._secrets(), call)
        value = self._vault.get(secret.arn)
        stage = call.parameters.get("VersionStage", _CURRENT)
        version = "" if value is None else _version(value)
        if (
            value is None
            or stage != _CURRENT
            or call.parameters.get("VersionId", version) != version
        ):
            raise AwsServiceError(
                "ResourceNotFoundException",
                f"Secrets Manager can't find the specified secret value for staging label: {stage}",
            )
        return {
            **_names(secret),
            "VersionId": version,
            "VersionStages": [_CURRENT],
            "SecretString": value,
        }

    async def describe_secret(self, call: AwsCall) -> Mapping[str, Any]:
        return _description(_find(self._secrets(), call), self._vault)

    async def list_secrets(self, call: AwsCall) -> Mapping[str, Any]:
        filters = call.parameters.get("Filters", ())
        found = [_entry(one, self._vault) for one in self._secrets() if _fits(one, filters)]
        return page_of(call, "SecretList", found, 100, "InvalidNextTokenException")

    async def put_secret_value(self, call: AwsCall) -> Mapping[str, Any]:
        secret = _find(self._secrets(), call)
        value = call.parameters.get("SecretString")
        if not isinstance(value, str):
            raise AwsServiceError(
                "InvalidParameterException",
                "The miniature keeps SecretString only, no SecretBinary.",
            )
        self._vault.put(secret.arn, value)
        return {**_names(secret), "VersionId": _version(value), "VersionStages": [_CURRENT]}


def master_secrets(clusters: Iterable[DatabaseCluster]) -> Iterator[Secret]:
    """The secrets in which RDS keeps the master users' passwords."""
    for cluster in clusters:
        if arn := cluster.master_secret_arn:
            name = arn.partition(":secret:")[2][: -len("-AbCdEf")]
            yield Secret(cluster.address, arn, name, cluster.master_secret_kms_key_id)


def _fits(secret: Secret, filters: Sequence[Mapping[str, Any]]) -> bool:
    """All filters, and one of the values of each: the beginning of a name, or `!` and what it does
    not begin with (ListSecrets, Filters)."""
    for one in filters:
        if (key := one.get("Key")) != "name":
            message = f"The miniature finds secrets by their name, and not by {key}."
            raise AwsServiceError("InvalidParameterException", message)
        if not any(_begins(secret.name, value) for value in one.get("Values", ())):
            return False
    return True


def _begins(name: str, value: str) -> bool:
    wanted = value.removeprefix("!")
    return name.startswith(wanted) == (wanted == value)


def _find(secrets: Sequence[Secret], call: AwsCall) -> Secret:
    """By name, ARN, or an ARN without its six random characters."""
    wanted = call.parameters["SecretId"]
    for secret in secrets:
        if wanted in (secret.name, secret.arn, secret.arn[:-7]):
            return secret
    raise AwsServiceError(
        "ResourceNotFoundException", "Secrets Manager can't find the specified secret."
    )


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


def _entry(secret: Secret, vault: Vault) -> dict[str, Any]:
    """SecretListEntry has the same members, but one has another name."""
    described = _description(secret, vault)
    if (stages := described.pop("VersionIdsToStages", None)) is not None:
        described["SecretVersionsToStages"] = stages
    return described


def _version(value: str) -> str:
    """An id that changes with the value, but reveals nothing about it."""
    digest = hashlib.sha256(b"version\0" + value.encode()).hexdigest()
    return f"{digest[:8]}-{digest[8:12]}-4{digest[13:16]}-8{digest[17:20]}-{digest[20:32]}"
