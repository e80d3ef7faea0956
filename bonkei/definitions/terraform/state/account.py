"""The account and workspace for evaluating the definitions."""

from __future__ import annotations

from dataclasses import dataclass

from bonkei.definitions.provider.behaviour import ACCOUNT_ID
from bonkei.definitions.terraform.state.backend import DEFAULT


@dataclass(frozen=True, slots=True)
class Account:
    """The account that is in every ARN, and the workspace that `terraform.workspace` names.
    `rules`: whether what breaks one of AWS's is an `error` or a `warning`."""

    id: str = ACCOUNT_ID
    workspace: str = DEFAULT
    rules: str = "error"
