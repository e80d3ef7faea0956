"""The errors of requests to the backend: unavailable, or refused."""

from __future__ import annotations

from collections.abc import Mapping


class BackendError(Exception):
    """The backend gave no usable answer."""


class BackendUnavailableError(BackendError):
    """The backend cannot be reached, is too slow, or answers 5xx or nonsense. A retry may help."""


class BackendBusyError(BackendUnavailableError):
    """The backend works, but too many requests wait at the same time."""


class BackendRefusedError(BackendError):
    """The backend refused the request (4xx).

    `kind` is the end of the problem document's type (`name-taken`), `detail` its English sentence;
    `faults` maps the name of a member of the request's body to its mistake; `retry_after` is the
    header of that name.
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
