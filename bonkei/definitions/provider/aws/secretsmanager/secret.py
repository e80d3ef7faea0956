"""AWS Secrets Manager: secrets. Their values go to the vault.

https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html
"""

from __future__ import annotations

from collections.abc import Mapping

from bonkei.definitions.provider.aws.shared.checks import (
    at,
    between,
    doubted,
    either,
    exactly_one,
    length,
    matches,
    one_of,
)
from bonkei.definitions.provider.aws.shared.documents import RESOURCE, policy
from bonkei.definitions.provider.aws.shared.formats import arn, doubtful_rate, kms_key, schedule
from bonkei.definitions.provider.aws.shared.import_ids import parts_of, unexpected
from bonkei.definitions.provider.aws.shared.naming import Mint
from bonkei.definitions.provider.aws.shared.resource import resource
from bonkei.definitions.provider.aws.shared.seeds import ALPHANUMERIC
from bonkei.definitions.provider.behaviour import Context, ResourceBehaviour
from bonkei.definitions.provider.values import Object, Value, given

_NAME = matches(r"[0-9A-Za-z/_+=.@-]+", "letters, digits and /_+=.@-")


def _secret(mint: Mint) -> Mapping[str, Value]:
    """The ARN ends in six random characters, so that a later secret with the same name has another
    ARN."""
    name = mint.name()
    identifier = mint.arn("secretsmanager", f"secret:{name}-{mint.random(6, ALPHANUMERIC)}")
    return {
        "id": identifier,
        "arn": identifier,
        "name": name,
    }


def _forget(state: Object, context: Context) -> None:
    if given(state.get("arn")):
        context.vault.delete(str(state["arn"]))


def _take_over(_: Object, state: Object, context: Context) -> None:
    """A value that the settings give by the name of a secret which this apply creates."""
    arn = str(state.get("arn"))
    value = context.vault.get(arn.rpartition("-")[0])
    if value is not None and context.vault.get(arn) is None:
        context.vault.put(arn, value)


def _version(mint: Mint) -> Mapping[str, Value]:
    secret = str(mint.given("secret_id"))
    identifier = secret if secret.startswith("arn:") else _arn_of(mint, secret)
    version = mint.uuid("version")
    return {
        "id": f"{identifier}|{version}",
        "arn": identifier,
        "secret_arn": identifier,
        "version_id": version,
        "version_stages": ["AWSCURRENT"],
        "has_secret_string_wo": given(mint.planned.get("secret_string_wo_version")),
    }


def _arn_of(mint: Mint, name: str) -> str:
    """The ARN of the secret with a name. If this stack has no such secret, the partial ARN, which
    AWS accepts too."""
    for secret in mint.context.peers("aws_secretsmanager_secret"):
        if secret.get("name") == name:
            return str(secret["arn"])
    return mint.arn("secretsmanager", f"secret:{name}")


def _store(config: Object, state: Object, context: Context) -> None:
    """A task reads the version AWSCURRENT only."""
    stages = state.get("version_stages")
    names = ("secret_string_wo", "secret_string", "secret_binary")
    value = next((config.get(name) for name in names if given(config.get(name))), None)
    current = not isinstance(stages, list) or not stages or "AWSCURRENT" in stages
    if value is not None and current and given(state.get("arn")):
        context.vault.put(str(state["arn"]), str(value))


def _import_version(identifier: str, _: Context) -> Object:
    secret, version = parts_of(identifier, "SECRETARN|VERSIONID")
    if not secret.startswith("arn:"):
        raise unexpected("SECRETARN|VERSIONID")
    return {
        "id": identifier,
        "secret_id": secret,
        "arn": secret,
        "secret_arn": secret,
        "version_id": version,
    }


RESOURCES: Mapping[str, ResourceBehaviour] = {
    "aws_secretsmanager_secret": resource(
        _secret,
        at("name", _NAME),
        at("name_prefix", length(1, 486), _NAME),
        at("kms_key_id", kms_key),
        at("recovery_window_in_days", either(between(7, 30), one_of(0))),
        policies={"policy": policy(RESOURCE, 20480)},
        after_apply=_take_over,
        after_destroy=_forget,
    ),
    "aws_secretsmanager_secret_version": resource(
        _version,
        exactly_one("secret_string", "secret_string_wo", "secret_binary"),
        at("secret_string", length(1, 65536)),
        at("secret_string_wo", length(1, 65536)),
        force_new="secret_string secret_string_wo_version",
        after_apply=_store,
        import_=_import_version,
    ),
    "aws_secretsmanager_secret_policy": resource(
        lambda mint: {"id": mint.given("secret_arn")},
        at("secret_arn", arn("secretsmanager")),
        policies={"policy": policy(RESOURCE, 20480)},
    ),
    "aws_secretsmanager_secret_rotation": resource(
        lambda mint: {"id": mint.given("secret_id"), "rotation_enabled": True},
        at("rotation_lambda_arn", arn("lambda")),
        at("rotation_rules.schedule_expression", schedule),
        doubted("rotation_rules.schedule_expression", doubtful_rate),
    ),
}
