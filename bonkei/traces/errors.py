"""Errors of the receiver."""

from __future__ import annotations

from bonkei.errors import BonkeiError


class TracesError(BonkeiError):
    """The receiver cannot listen, or a body is not OTLP. `status` is for the exporter."""

    def __init__(self, message: str, *, remedy: str = "", status: int = 400) -> None:
        super().__init__(message, remedy=remedy)
        self.status = status
