"""The errors of this service."""

from __future__ import annotations

from bonkei.base.errors import BonkeiError


class BuildsError(BonkeiError):
    """A build cannot be started, or is unknown."""


class PhaseError(BonkeiError):
    """A phase failed. `code` is CodeBuild's (YAML_FILE_ERROR, CLIENT_ERROR, …)."""

    def __init__(self, code: str, message: str, *, remedy: str = "") -> None:
        super().__init__(message, remedy=remedy)
        self.code = code
