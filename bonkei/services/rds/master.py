"""The master user's password. It is generated once and kept in the vault, as RDS keeps it in
Secrets Manager.

Source: "Password management with Amazon RDS and AWS Secrets Manager": the secret is a JSON object
with `username` and `password`.
"""

from __future__ import annotations

import json
import secrets

from bonkei.base.vault import Vault
from bonkei.blueprint.rds import DatabaseCluster


def master_password(cluster: DatabaseCluster, vault: Vault) -> str:
    """The password in the vault. If there is none, generate one and store it."""
    arn = cluster.master_secret_arn or cluster.arn
    password = _read(vault.get(arn), cluster.master_username)
    if password is None:
        password = new_password()
        keep_password(cluster, vault, password)
    return password


def new_password() -> str:
    return secrets.token_urlsafe(24)


def keep_password(cluster: DatabaseCluster, vault: Vault, password: str) -> None:
    """Put a password of the master user into the vault, in RDS's form."""
    arn = cluster.master_secret_arn or cluster.arn
    vault.put(arn, json.dumps({"username": cluster.master_username, "password": password}))


def _read(value: str | None, username: str) -> str | None:
    """The password in JSON, or a bare password of the definitions; None if there is none."""
    if not value:
        return None
    try:
        document = json.loads(value)
    except (ValueError, RecursionError):
        return value
    if not isinstance(document, dict):
        return value
    password = document.get("password")
    fits = isinstance(password, str) and password and document.get("username") == username
    return password if fits else None
