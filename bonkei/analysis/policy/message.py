"""AWS's message for a denied call.

"Troubleshoot access denied error messages",
https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
"""

from __future__ import annotations

from bonkei.analysis.policy.evaluate import Decision, Reason
from bonkei.analysis.policy.policy import Request

_AN = {Reason.IDENTITY: "an"}
_THE = {Reason.TRUST: "the"}


def denial(request: Request, decision: Decision) -> str:
    """The message of the AccessDenied error."""
    subject = request.principal.arn or request.principal.service
    about = f"User: {subject} is not authorized to perform: {request.action}"
    if request.resource != "*":
        about += f" on resource: {request.resource}"
    if decision.is_explicit:
        article = _THE.get(decision.reason) or _AN.get(decision.reason, "a")
        return f"{about} with an explicit deny in {article} {decision.reason}"
    return f"{about} because no {decision.reason} allows the {request.action} action"
