"""The roles that IAM Identity Center makes for its permission sets. No definitions declare them.

"Referencing permission sets in resource policies",
https://docs.aws.amazon.com/singlesignon/latest/userguide/referencingpermissionsets.html
"""

from __future__ import annotations

import re

ROLE = re.compile(r"AWSReservedSSO_[\w+=,.@-]{1,32}_[0-9a-f]{16}", re.ASCII)
"""Such a role's name: its permission set's, with a suffix."""
_PATH = "role/aws-reserved/sso.amazonaws.com/"


def arn_of(role: str, account: str) -> str:
    """The ARN of the role with this name."""
    return f"arn:aws:iam::{account}:{_PATH}{role}"


def made(arn: str) -> bool:
    """Whether Identity Center makes the role with this ARN."""
    _, found, name = arn.partition(f":{_PATH}")
    return bool(found) and ROLE.fullmatch(name) is not None
