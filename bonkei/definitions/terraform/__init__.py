"""Terraform, run on real definitions with the miniature's provider.

workspace      one directory of definitions; other parts use this
session        Terraform and provider running, for one operation
inputs         the inputs of a run
state          the place of its state
runs           its processes
reports        its output, parsed
explanations   additions to its errors
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bonkei.definitions.terraform.errors import Diagnostic, TerraformError
    from bonkei.definitions.terraform.inputs.elsewhere import Elsewhere
    from bonkei.definitions.terraform.inputs.programs import Consent
    from bonkei.definitions.terraform.inputs.selection import Selection
    from bonkei.definitions.terraform.reports.changes import ApplySummary, Change, PlanSummary
    from bonkei.definitions.terraform.reports.testing import TestReport
    from bonkei.definitions.terraform.state.account import Account
    from bonkei.definitions.terraform.workspace import Workspace

_PLACES = {
    "Account": "state.account",
    "ApplySummary": "reports.changes",
    "Change": "reports.changes",
    "Consent": "inputs.programs",
    "Diagnostic": "errors",
    "Elsewhere": "inputs.elsewhere",
    "PlanSummary": "reports.changes",
    "Selection": "inputs.selection",
    "TerraformError": "errors",
    "TestReport": "reports.testing",
    "Workspace": "workspace",
}

__all__ = [
    "Account",
    "ApplySummary",
    "Change",
    "Consent",
    "Diagnostic",
    "Elsewhere",
    "PlanSummary",
    "Selection",
    "TerraformError",
    "TestReport",
    "Workspace",
]


def __getattr__(name: str) -> Any:
    """Import a name when it is first used: a build's `terraform` uses few of these, and starts
    often."""
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_PLACES[name]}"), name)
    globals()[name] = value
    return value
