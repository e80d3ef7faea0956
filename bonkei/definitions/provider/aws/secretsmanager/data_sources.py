"""The values of this stack's secrets, for a plan or for one run, and random passwords.

No plan or state keeps the values of an ephemeral resource.
"""

from __future__ import annotations

import secrets
import string
from collections.abc import Iterator, Mapping

from bonkei.definitions.provider.aws.shared.checks import at, between, length, validator
from bonkei.definitions.provider.aws.shared.lookups import none_found
from bonkei.definitions.provider.aws.shared.own import by_own_names
from bonkei.definitions.provider.behaviour import (
    Context,
    DataSource,
    EphemeralResource,
    Problem,
    Refused,
)
from bonkei.definitions.provider.values import Object, given

_KINDS = {
    "lowercase": string.ascii_lowercase,
    "uppercase": string.ascii_uppercase,
    "numbers": string.digits,
    "punctuation": string.punctuation,
}
_LENGTH = 32


def _secret_version(config: Object, context: Context) -> Object:
    """The value that the vault holds, by the secret's ARN or name. No resource of its own
    describes a secret that RDS manages."""
    asked = config.get("secret_id")
    known = context.peers("aws_secretsmanager_secret")
    secret = next((one for one in known if asked in (one.get("arn"), one.get("name"))), {})
    arn = str(secret.get("arn") or asked)
    if why := context.vault.withheld(arn):
        raise Refused(f"AccessDeniedException: {why}")
    value = context.vault.get(arn)
    if value is None and not secret:
        key = "arn" if arn.startswith("arn:") else "name"
        raise none_found("aws_secretsmanager_secret", {key: asked})
    if value is None:
        raise Refused(
            f'the secret "{secret.get("name")}" has no value yet',
            "Create an aws_secretsmanager_secret_version for it, and add depends_on to this data"
            " block, so that it is read after that. For a secret outside this stack, put its value"
            " into bonkei.toml:",
            ("secret_id",),
            [
                {
                    "type": "aws_secretsmanager_secret_version",
                    "secret_id": asked,
                    "secret_string": "change-me",
                }
            ],
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


def _random_password(config: Object, context: Context) -> Object:
    """https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetRandomPassword.html"""
    kinds = [*_included(config)]
    wanted = config.get("password_length")
    size = int(wanted) if wanted is not None else _LENGTH
    each_once = kinds if config.get("require_each_included_type") is not False else []
    if not kinds or len(each_once) > size:
        raise Refused(
            "InvalidParameterException: no such password can be made",
            "Every character is excluded, or the password is too short for one of each kind.",
        )
    drawn = [secrets.choice(kind) for kind in each_once]
    drawn += [secrets.choice("".join(kinds)) for _ in range(size - len(drawn))]
    secrets.SystemRandom().shuffle(drawn)
    region = config.get("region") or context.region
    return {"random_password": "".join(drawn), "region": region}


def _included(config: Object) -> Iterator[str]:
    excluded = str(config.get("exclude_characters") or "")
    kinds = [text for name, text in _KINDS.items() if not config.get(f"exclude_{name}")]
    if config.get("include_space"):
        kinds.append(" ")
    for kind in kinds:
        left = "".join(character for character in kind if character not in excluded)
        if left:
            yield left


def _secret(config: Object, context: Context) -> Object:
    found = _secret_version(config, context)
    said = {"region": config.get("region") or context.region, "version_stage": "AWSCURRENT"}
    return {**said, **found}


def _one_of_them(config: Object) -> Iterator[Problem]:
    """Only the current value is kept here."""
    stage = config.get("version_stage")
    if given(stage) and stage not in ("AWSCURRENT", ""):
        detail = "The miniature keeps the current value of a secret only (AWSCURRENT)."
        yield Problem(("version_stage",), "A version that is not simulated", detail)


DATA_SOURCES: Mapping[str, DataSource] = {
    **by_own_names("aws_secretsmanager_secret"),
    "aws_secretsmanager_secret_version": DataSource(read=_secret_version),
}

EPHEMERAL_RESOURCES: Mapping[str, EphemeralResource] = {
    "aws_secretsmanager_random_password": EphemeralResource(
        open=_random_password,
        validate=validator(
            at("password_length", between(1, 4096)),
            at("exclude_characters", length(0, 4096)),
        ),
    ),
    "aws_secretsmanager_secret_version": EphemeralResource(
        open=_secret, validate=validator(_one_of_them)
    ),
}
