"""The environment in which an SDK or the `aws` command finds the miniature, and no real account.

https://docs.aws.amazon.com/sdkref/latest/guide/settings-reference.html
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path

_UNSET = r"unset AWS_PROFILE $(env | sed -n 's/^\(AWS_[A-Za-z0-9_]*\)=.*/\1/p')"
"""It forgets every setting of a real account that the shell has: a profile, a token, an address of
one service. It names one, because some shells refuse `unset` alone."""


def isolated(found: Mapping[str, str], cloud: Path) -> dict[str, str]:
    """`found`, and what keeps an SDK from other places. Its files are below `cloud`, in place of
    those in ~/.aws, where one line can send it to AWS in spite of AWS_ENDPOINT_URL."""
    folder = cloud / "aws"
    return {
        "AWS_CONFIG_FILE": str(folder / "config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(folder / "credentials"),
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "false",
        "AWS_EC2_METADATA_DISABLED": "true",
        **found,
    }


def exports(found: Mapping[str, str], cloud: Path) -> str:
    """The lines that a shell evaluates."""
    made = isolated(found, cloud).items()
    return "\n".join([_UNSET, *(f"export {name}={shlex.quote(value)}" for name, value in made)])


def alone(inherited: Mapping[str, str], found: Mapping[str, str], cloud: Path) -> dict[str, str]:
    """The environment of the `aws` command. A proxy's variables are dropped, too, because no proxy
    reaches the endpoint on this machine."""
    kept = {
        name: value
        for name, value in inherited.items()
        if not name.startswith("AWS_") and not name.lower().endswith("_proxy")
    }
    return {**kept, **isolated(found, cloud), "AWS_PAGER": ""}
