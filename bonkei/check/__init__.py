"""Rules over the blueprint: what would break, leak or stay silent on AWS, found before it gets
there."""

from bonkei.check.finding import Finding, Problem, Severity, exit_code
from bonkei.check.levels import with_levels
from bonkei.check.rules import RULES
from bonkei.check.runner import run
from bonkei.check.subject import Rule, Subject

__all__ = [
    "RULES",
    "Finding",
    "Problem",
    "Rule",
    "Severity",
    "Subject",
    "exit_code",
    "run",
    "with_levels",
]
