"""From the names in a call to ARNs, and to the customer's keys of the resources."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from bonkei.blueprint import Blueprint
from bonkei.services.endpoint.permission.requirement import ALL, Place

_SUFFIX = 7  # of a secret's ARN, which a call may leave out
_KEY_ID = 36  # bytes at the head of a ciphertext; MiniStack writes the key's id there


@dataclass(frozen=True, slots=True)
class Names:
    """`keys`: id, alias or ARN -> ARN; `secrets`: name or ARN -> ARN.

    Each `…_keys`: ARN (of a bucket: its name) -> ARN of the customer's key. A thing that AWS's own
    key encrypts is missing there, because that key needs no permission of the caller. `roles`: name
    -> ARN. `partition_keys`: ARN of a table or an index -> the attribute. `task_definitions`:
    family, with and without its revision -> ARN; `task_roles`: that ARN -> its execution and its
    task role.
    """

    place: Place
    keys: Mapping[str, str]
    secrets: Mapping[str, str]
    bucket_keys: Mapping[str, str]
    queue_keys: Mapping[str, str]
    topic_keys: Mapping[str, str]
    parameter_keys: Mapping[str, str]
    secret_keys: Mapping[str, str]
    roles: Mapping[str, str] = field(default_factory=dict)
    partition_keys: Mapping[str, str] = field(default_factory=dict)
    task_definitions: Mapping[str, str] = field(default_factory=dict)
    task_roles: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    def in_region(self, region: str) -> Names:
        """The names in a call to this region."""
        if region in ("", self.place.region):
            return self
        return replace(self, place=replace(self.place, region=region))

    def task_definition(self, name: str) -> str:
        """The ARN of a task definition from `family`, `family:revision` or an ARN; empty if
        unknown."""
        return name if name.startswith("arn:") else self.task_definitions.get(name, "")

    def key(self, name: str) -> str:
        """The ARN of a key by id, ARN or alias; `*` without a name."""
        return self.keys.get(name) or (_arn(self.place, "kms", "key/", name) if name else ALL)

    def key_of(self, arn: str) -> str:
        """The customer's key of a bucket, an object, a topic, a queue or a secret; or an empty
        text."""
        if ":s3:::" in arn:
            return self.bucket_keys.get(arn.partition(":::")[2].partition("/")[0], "")
        return next(
            (
                keys[arn]
                for keys in (self.topic_keys, self.queue_keys, self.secret_keys)
                if arn in keys
            ),
            "",
        )

    def key_of_ciphertext(self, text: str) -> str:
        """The id of the key that made a ciphertext (base64); empty without one."""
        try:
            head = base64.b64decode(text, validate=True)[:_KEY_ID]
        except (binascii.Error, ValueError):
            return ""
        found = head.decode("ascii", errors="ignore")
        return found if found in self.keys else ""

    def secret(self, name: str) -> str:
        """A secret's ARN ends in six characters that are not in its name."""
        return self.secrets.get(name) or _arn(self.place, "secretsmanager", "secret:", name)

    def table(self, name: str) -> str:
        return _arn(self.place, "dynamodb", "table/", name)

    def parameter(self, name: str) -> str:
        """The store finds `/a` by `parameter//a`, too."""
        arn = _arn(self.place, "ssm", "parameter/", name.removeprefix("/"))
        return arn.replace(":parameter//", ":parameter/", 1)


def names_of(blueprint: Blueprint, place: Place) -> Names:
    """The names that the blueprint declares."""
    keys: dict[str, str] = {}
    for key in blueprint.keys:
        keys |= dict.fromkeys((key.id, key.arn), key.arn)
        for alias in key.aliases:
            keys |= {alias: key.arn, place.arn("kms", alias): key.arn}

    def encrypted(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
        return {name: keys[key] for name, key in pairs if key in keys}

    return Names(
        place=place,
        keys=keys,
        secrets={
            name: each.arn
            for each in blueprint.secrets
            for name in (each.name, each.arn, each.arn[:-_SUFFIX])
        },
        partition_keys=dict(_partition_keys(blueprint)),
        bucket_keys=encrypted((each.name, each.kms_key_id) for each in blueprint.buckets),
        queue_keys=encrypted(
            (each.arn, each.attributes.get("KmsMasterKeyId", "")) for each in blueprint.queues
        ),
        topic_keys=encrypted((each.arn, each.kms_key_id) for each in blueprint.topics),
        parameter_keys=encrypted((each.arn, each.key_id) for each in blueprint.parameters),
        secret_keys=encrypted((each.arn, each.kms_key_id) for each in blueprint.secrets),
        roles={each.name: each.arn for each in blueprint.roles},
        task_definitions={
            name: each.arn
            for each in sorted(blueprint.task_definitions, key=lambda one: one.revision)
            for name in (each.family, f"{each.family}:{each.revision}")
        },
        task_roles={
            each.arn: (each.execution_role_arn, each.task_role_arn)
            for each in blueprint.task_definitions
        },
    )


def _partition_keys(blueprint: Blueprint) -> Iterator[tuple[str, str]]:
    for table in blueprint.tables:
        yield table.arn, _hash_key(table.definition)
        for kind in ("GlobalSecondaryIndexes", "LocalSecondaryIndexes"):
            for index in table.definition.get(kind) or ():
                yield f"{table.arn}/index/{index['IndexName']}", _hash_key(index)


def _hash_key(definition: Mapping[str, Any]) -> str:
    parts = definition.get("KeySchema") or ()
    return next((str(one["AttributeName"]) for one in parts if one["KeyType"] == "HASH"), "")


def _arn(place: Place, service: str, prefix: str, name: str) -> str:
    return name if name.startswith("arn:") else place.arn(service, prefix + name)
