"""Arguments that the AWS provider's versions 4 and 5 knew, and that are accepted with a warning.

Version 6 has their meaning anyway, or AWS has ended it. Those that need another argument in their
place are refused, and `definitions.terraform.explanations.upgrades` names that.

Source: the upgrade guides to the versions 5 and 6
(registry.terraform.io/providers/hashicorp/aws/latest/docs/guides).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_CLASSIC = {"enable_classiclink": "bool", "enable_classiclink_dns_support": "bool"}
ARGUMENTS: Mapping[str, Mapping[str, str]] = {
    "aws_default_vpc": _CLASSIC,
    "aws_eip": {"vpc": "bool"},
    "aws_vpc": _CLASSIC,
}
"""Resource type -> argument -> its type."""
SETTINGS = {"shared_credentials_file": "string", "skip_get_ec2_platforms": "bool"}
"""The same of the provider's own block."""


def attributes(arguments: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """As the data file of a schema has them."""
    return {
        name: {"type": type_, "optional": True, "deprecated": True}
        for name, type_ in arguments.items()
    }
