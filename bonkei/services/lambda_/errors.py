"""The errors of functions: our own, for people, and those of Lambda's API."""

from __future__ import annotations

from bonkei.base.aws_service import AwsServiceError
from bonkei.base.errors import BonkeiError


class FunctionError(BonkeiError):
    """A function cannot run on this machine."""


def not_found(arn: str) -> AwsServiceError:
    """No function has this ARN."""
    return AwsServiceError(
        "ResourceNotFoundException", f"Function not found: {arn}", 404, {"Type": "User"}
    )


def throttled(reason: str) -> AwsServiceError:
    """All of the function's permitted executions are busy. `reason`: the API's."""
    return AwsServiceError(
        "TooManyRequestsException", "Rate Exceeded.", 429, {"Type": "User", "Reason": reason}
    )


def too_large(bound: int) -> AwsServiceError:
    """The payload has more bytes than Lambda accepts."""
    return AwsServiceError(
        "RequestTooLargeException",
        f"{bound} byte payload is the largest for the RequestResponse or Event invoke operation",
        413,
        {"Type": "User"},
    )


def cannot_run(message: str) -> AwsServiceError:
    """This machine cannot run the function, but Lambda could. The message gives the local cause."""
    return AwsServiceError("InvalidRuntimeException", message, 502, {"Type": "User"})
