"""The errors of SNS."""

from __future__ import annotations

from bonkei.base.aws_service import AwsServiceError
from bonkei.base.errors import BonkeiError


class DeliveryError(BonkeiError):
    """A subscriber did not take a message. `is_final`: the sender is at fault, so a retry will not
    help ("client-side errors" in "Amazon SNS message delivery retries")."""

    def __init__(self, message: str, *, is_final: bool = False) -> None:
        super().__init__(message)
        self.is_final = is_final


def invalid(message: str) -> AwsServiceError:
    return AwsServiceError("InvalidParameter", f"Invalid parameter: {message}", 400)


def not_found(what: str) -> AwsServiceError:
    return AwsServiceError("NotFound", f"{what} does not exist", 404)
