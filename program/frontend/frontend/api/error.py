"""The two ways in which asking the backend fails."""

from __future__ import annotations

from collections.abc import Mapping


class BackendError(Exception):
    """The backend did not give an answer that can be used."""


class BackendUnavailableError(BackendError):
    """It cannot be reached, is too slow, answers 5xx or answers nonsense: later may be better."""


class BackendBusyError(BackendUnavailableError):
    """It is well, but too many ask at the same time."""


class BackendRefusedError(BackendError):
    """It understood and said no (4xx).

    `kind` is the end of the problem document's type (`name-taken`), `detail` its English sentence;
    `faults` maps the name of a member of the request's body to what is wrong with it;
    `retry_after` is the header of that name.
    """

    def __init__(
        self,
        status: int,
        detail: str = "",
        *,
        kind: str = "",
        faults: Mapping[str, str] | None = None,
        retry_after: str = "",
    ) -> None:
        super().__init__(f"{status} {detail}".strip())
        self.status = status
        self.detail = detail
        self.kind = kind
        self.faults = dict(faults or {})
        self.retry_after = retry_after
