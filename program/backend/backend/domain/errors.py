"""The reasons why a request cannot be carried out; `backend.api.problems` turns them into HTTP."""

from __future__ import annotations


class DomainError(Exception):
    """`detail` is for people; `kind` is a stable name for programs."""

    kind = "rejected"

    def __init__(self, detail: str, *, kind: str = "") -> None:
        super().__init__(detail)
        self.detail = detail
        self.kind = kind or type(self).kind


class NotFoundError(DomainError):
    kind = "not-found"


class ConflictError(DomainError):
    """The request conflicts with the stored state."""

    kind = "conflict"


class InvalidError(DomainError):
    """A value is wrong for the stored state; `pointer` is a JSON Pointer to it."""

    kind = "invalid"

    def __init__(self, detail: str, *, pointer: str, kind: str = "") -> None:
        super().__init__(detail, kind=kind)
        self.pointer = pointer


class NotSignedInError(DomainError):
    kind = "not-signed-in"


class WrongPasswordError(DomainError):
    kind = "wrong-password"


class ForbiddenError(DomainError):
    """The caller is known, and may not do this."""

    kind = "forbidden"


class ThrottledError(DomainError):
    """Too many attempts; `retry_after` in seconds."""

    kind = "throttled"

    def __init__(self, detail: str, *, retry_after: int) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class ChangedMeanwhileError(DomainError):
    """If-Match names a version that is no longer the current one."""

    kind = "changed-meanwhile"
