"""The errors of CloudWatch Logs."""

from __future__ import annotations

from bonkei.base.aws_service import AwsServiceError


class LogsError(AwsServiceError):
    """An error of CloudWatch Logs, with its name there."""


def no_such_group() -> LogsError:
    return LogsError("ResourceNotFoundException", "The specified log group does not exist.")


def no_such_stream() -> LogsError:
    return LogsError("ResourceNotFoundException", "The specified log stream does not exist.")


def invalid(message: str) -> LogsError:
    return LogsError("InvalidParameterException", message)


def out_of_bounds(value: object, member: str, constraint: str) -> LogsError:
    """A value that the API's model does not allow for a member: "Member must …"."""
    return invalid(
        f"1 validation error detected: Value '{value}' at '{member}' failed to satisfy "
        f"constraint: Member must {constraint}"
    )
