"""Terraform, run on real definitions with the miniature's provider."""

from bonkei.terraform.changes import ApplySummary, Change, PlanSummary
from bonkei.terraform.elsewhere import Elsewhere
from bonkei.terraform.errors import Diagnostic, TerraformError
from bonkei.terraform.workspace import Workspace

__all__ = [
    "ApplySummary",
    "Change",
    "Diagnostic",
    "Elsewhere",
    "PlanSummary",
    "TerraformError",
    "Workspace",
]
