"""Terraform, run on real definitions with the miniature's provider.

workspace      one directory of definitions; other parts use this
session        Terraform and provider running, for one operation
inputs         the inputs of a run
state          the place of its state
runs           its processes
reports        its output, parsed
explanations   additions to its errors
"""

from bonkei.terraform.errors import Diagnostic, TerraformError
from bonkei.terraform.inputs.elsewhere import Elsewhere
from bonkei.terraform.inputs.selection import Selection
from bonkei.terraform.reports.changes import ApplySummary, Change, PlanSummary
from bonkei.terraform.reports.testing import TestReport
from bonkei.terraform.state.account import Account
from bonkei.terraform.workspace import Workspace

__all__ = [
    "Account",
    "ApplySummary",
    "Change",
    "Diagnostic",
    "Elsewhere",
    "PlanSummary",
    "Selection",
    "TerraformError",
    "TestReport",
    "Workspace",
]
