"""IAM's decision: may this principal do this action on this resource? Pure functions over values.

`wildcard` matches patterns, `condition` evaluates a condition block, `principal` compares the
caller with a Principal element, `policy` finds the statements that apply, and `evaluate`
combines the policies of all kinds and writes AWS's answer.

Source of the whole: "Policy evaluation logic",
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from bonkei.analysis.policy.evaluate import Decision, Policies, Reason, Request, decide, denial
from bonkei.analysis.policy.policy import Policy
from bonkei.analysis.policy.principal import Principal

__all__ = [
    "Decision",
    "Policies",
    "Policy",
    "Principal",
    "Reason",
    "Request",
    "decide",
    "denial",
]
