"""The two ways in which asking the backend fails."""

from __future__ import annotations

from collections.abc import Mapping


class BackendError(Exception):
    """The backend did not give an answer that can be used."""


class BackendUnavailableError(BackendError):
    """It cannot be reached, is too slow, answers 5xx or answers nonsense: later may be better."""


class BackendRefusedError(BackendError):
    """It understood and said no (4xx).

    `detail` is the problem document's English sentence, `faults` maps the name of a member of the
    request's body to what is wrong with it.
    """

    def __init__(self, status: int, detail: str = "", faults: Mapping[str, str] | None = None):
        super().__init__(f"{status} {detail}".strip())
        self.status = status
        self.detail = detail
        self.faults = dict(faults or {})
