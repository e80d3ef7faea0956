"""The keys in the JSON of a secret. Its value stays where it is."""

from __future__ import annotations

import json

from bonkei.base.vault import Vault
from bonkei.blueprint import Blueprint

# "Password management with Amazon Aurora and AWS Secrets Manager": the keys of RDS's secret for the
# master.
_OF_RDS = frozenset({"username", "password"})


def secret_keys(blueprint: Blueprint, vault: Vault) -> dict[str, frozenset[str]]:
    """The keys of each secret with a known value, by ARN; none if the value is not a JSON object.
    Secrets that a person sets are left out.
    """
    found = {
        cluster.master_secret_arn: _OF_RDS
        for cluster in blueprint.database_clusters
        if cluster.master_secret_arn
    }
    for secret in blueprint.secrets:
        value = vault.get(secret.arn)
        if value is not None:
            found[secret.arn] = _keys(value)
    return found


def _keys(value: str) -> frozenset[str]:
    try:
        document = json.loads(value)
    except (ValueError, RecursionError):
        return frozenset()
    return frozenset(document) if isinstance(document, dict) else frozenset()
