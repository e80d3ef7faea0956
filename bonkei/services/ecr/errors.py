"""Refusals of the registry, under the distribution API's codes."""

from __future__ import annotations

from bonkei.base.errors import BonkeiError


class RegistryError(BonkeiError):
    """`code` is that of the distribution API, `status` that of HTTP.

    Source: "Error Codes", https://github.com/opencontainers/distribution-spec/blob/main/spec.md
    """

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.status = status


def name_unknown(name: str, account: str) -> RegistryError:
    return RegistryError(
        "NAME_UNKNOWN",
        f"The repository with name '{name}' does not exist in the registry with id '{account}'",
        404,
    )
