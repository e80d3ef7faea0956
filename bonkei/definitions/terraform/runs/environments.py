"""The environments of Terraform's runs."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from itertools import count

_ACCOUNT_PLACES = ("AWS_REGION", "AWS_DEFAULT_REGION")
_PLAIN = {
    *("PATH", "HOME", "USER", "LOGNAME", "SHELL", "TERM", "TMPDIR", "TZ", "LANG", "LC_ALL"),
    *("LC_CTYPE", "SSL_CERT_FILE", "SSL_CERT_DIR", "GOGC", *_ACCOUNT_PLACES),
}
_NO_ACCOUNT = {
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
}
_NO_AWS = {
    "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "false",
}
"""Calls without credentials do not reach AWS either. Only root can listen there."""
_GIT = {
    "core.hooksPath": os.devnull,
    "core.fsmonitor": "false",
    "protocol.ext.allow": "never",
}
"""What git runs for a module that it downloads is none of the user's hooks. Their other settings
stay: they say how to reach the module."""


def without_account(inherited: Mapping[str, str]) -> dict[str, str]:
    """An environment in which no program finds the user's AWS account.

    https://docs.aws.amazon.com/sdkref/latest/guide/settings-reference.html
    """
    kept = {
        name: value
        for name, value in inherited.items()
        if not name.startswith("AWS_") or name in _ACCOUNT_PLACES
    }
    return {**kept, **_NO_ACCOUNT}


def of_init(inherited: Mapping[str, str], settings: Mapping[str, str]) -> dict[str, str]:
    """The environment of an init, which runs git and nothing of the definitions. It alone has the
    tokens of registries (TF_TOKEN_…)."""
    kept = {
        name: value
        for name, value in without_account(inherited).items()
        if not name.startswith("TF_") or name.startswith("TF_TOKEN_")
    }
    given = inherited.get("GIT_CONFIG_COUNT", "")
    first = int(given) if given.isdecimal() else 0
    for number, (name, value) in zip(count(first), _GIT.items(), strict=False):
        kept |= {f"GIT_CONFIG_KEY_{number}": name, f"GIT_CONFIG_VALUE_{number}": value}
    kept["GIT_CONFIG_COUNT"] = str(first + len(_GIT))
    return {**kept, **_of_terraform(inherited), **settings}


def of_programs(
    inherited: Mapping[str, str], settings: Mapping[str, str], variables: Collection[str] = ()
) -> dict[str, str]:
    """The environment of a run that may run programs of the definitions: a provisioner, the data
    source `external`. They see no other secret of the user than what `variables` names. They must
    not reach a real account either: the miniature's names and ARNs are made up."""
    kept = {
        name: value
        for name, value in inherited.items()
        if name in _PLAIN or name in variables or _is_plain_proxy(name, value)
    }
    return {**kept, **_NO_ACCOUNT, **_NO_AWS, **_of_terraform(inherited), **settings}


def _is_plain_proxy(name: str, value: str) -> bool:
    """Whether it is the address of a proxy without a password."""
    return name.lower().endswith("_proxy") and "@" not in value


def _of_terraform(inherited: Mapping[str, str]) -> dict[str, str]:
    """No network check, no questions, only our settings."""
    own = {k: v for k, v in inherited.items() if k.startswith(("TF_VAR_", "TF_LOG"))}
    # Collecting garbage is a third of a plan's work, and the process is short.
    quick = {} if "GOGC" in inherited else {"GOGC": "400"}
    return {**own, **quick, "CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1", "TF_INPUT": "0"}
