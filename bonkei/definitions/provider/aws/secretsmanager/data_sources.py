"""The values of this stack's secrets."""

from __future__ import annotations

from collections.abc import Mapping

from bonkei.definitions.provider.aws.shared.lookups import none_found
from bonkei.definitions.provider.aws.shared.own import by_own_names
from bonkei.definitions.provider.behaviour import Context, DataSource, Refused
from bonkei.definitions.provider.values import Object


def _secret_version(config: Object, context: Context) -> Object:
    """The value that the vault holds, by the secret's ARN or name."""
    asked = config.get("secret_id")
    for secret in context.peers("aws_secretsmanager_secret"):
        if asked in (secret.get("arn"), secret.get("name")):
            break
    else:
        raise none_found("aws_secretsmanager_secret", {"secret_id": asked})
    arn = str(secret["arn"])
    value = context.vault.get(arn)
    if value is None:
        raise Refused(
            f'the secret "{secret.get("name")}" has no value yet',
            "Create an aws_secretsmanager_secret_version for it, and add depends_on to this data"
            " block, so that it is read after that. For a secret outside this stack, add one to"
            " bonkei.toml: [[existing]], with secret_id and secret_string.",
            ("secret_id",),
        )
    version = next(
        (
            str(one.get("version_id"))
            for one in context.peers("aws_secretsmanager_secret_version")
            if one.get("arn") == arn
        ),
        "",
    )
    return {
        "id": f"{asked}|{config.get('version_stage') or 'AWSCURRENT'}",
        "arn": arn,
        "secret_arn": arn,
        "secret_string": value,
        "secret_binary": "",
        "version_id": version,
        "version_stages": ["AWSCURRENT"],
        "created_date": context.now,
    }


DATA_SOURCES: Mapping[str, DataSource] = {
    **by_own_names("aws_secretsmanager_secret"),
    "aws_secretsmanager_secret_version": DataSource(read=_secret_version),
}
