"""The errors of this room: its own, for a person, and those of Lambda's API."""

from __future__ import annotations

from bonkei.aws_service import AwsServiceError
from bonkei.errors import BonkeiError


class FunctionError(BonkeiError):
    """A function cannot run on this machine."""


def not_found(arn: str) -> AwsServiceError:
    """No function has this ARN."""
    return AwsServiceError(
        "ResourceNotFoundException", f"Function not found: {arn}", 404, {"Type": "User"}
    )


def throttled(reason: str) -> AwsServiceError:
    """All the executions that a function may have are busy; `reason` as in the API."""
    return AwsServiceError(
        "TooManyRequestsException", "Rate Exceeded.", 429, {"Type": "User", "Reason": reason}
    )


def too_large(bound: int) -> AwsServiceError:
    """The payload has more bytes than Lambda takes."""
    return AwsServiceError(
        "RequestTooLargeException",
        f"{bound} byte payload is the largest for the RequestResponse or Event invoke operation",
        413,
        {"Type": "User"},
    )


def cannot_run(message: str) -> AwsServiceError:
    """This machine does not run the function. Lambda would: the message names the cause here."""
    return AwsServiceError("InvalidRuntimeException", message, 502, {"Type": "User"})
