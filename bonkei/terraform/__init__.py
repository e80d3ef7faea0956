"""Terraform, run on real definitions with the miniature's provider."""

from bonkei.terraform.account import Account
from bonkei.terraform.changes import ApplySummary, Change, PlanSummary
from bonkei.terraform.elsewhere import Elsewhere
from bonkei.terraform.errors import Diagnostic, TerraformError
from bonkei.terraform.selection import Selection
from bonkei.terraform.testing import TestReport
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
