"""What this room raises."""

from __future__ import annotations

from bonkei.errors import BonkeiError


class LogsError(BonkeiError):
    """`code`: the name that CloudWatch Logs gives to such an error."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def no_such_group() -> LogsError:
    return LogsError("ResourceNotFoundException", "The specified log group does not exist.")


def no_such_stream() -> LogsError:
    return LogsError("ResourceNotFoundException", "The specified log stream does not exist.")


def invalid(message: str) -> LogsError:
    return LogsError("InvalidParameterException", message)
