"""Errors as problem documents (RFC 9457), each with the request's id."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import BaseRoute, Match

from backend.api.models import InvalidMember, Problem
from backend.domain import errors
from backend.logs import request_id
from backend.store.database import DatabaseBusyError, DatabaseUnavailableError

RETRY_SECONDS = 5
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")

_STATUS: Mapping[type[errors.DomainError], HTTPStatus] = {
    errors.NotFoundError: HTTPStatus.NOT_FOUND,
    errors.ConflictError: HTTPStatus.CONFLICT,
    errors.InvalidError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.NotSignedInError: HTTPStatus.UNAUTHORIZED,
    errors.WrongPasswordError: HTTPStatus.FORBIDDEN,
    errors.ForbiddenError: HTTPStatus.FORBIDDEN,
    errors.ThrottledError: HTTPStatus.TOO_MANY_REQUESTS,
    errors.ChangedMeanwhileError: HTTPStatus.PRECONDITION_FAILED,
}


def problem(
    status: int,
    detail: str,
    *,
    kind: str = "",
    headers: Mapping[str, str] | None = None,
    members: list[InvalidMember] | None = None,
) -> Response:
    document = Problem(
        type=f"urn:problem:{kind}" if kind else "about:blank",
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        request_id=request_id.get() or "",
        errors=members,
    )
    return Response(
        document.model_dump_json(exclude_none=True),
        status,
        {"Cache-Control": "no-store", **(headers or {})},
        media_type="application/problem+json",
    )


def install(app: FastAPI) -> None:
    """Make `app` answer each kind of error with a problem document."""
    app.add_exception_handler(errors.DomainError, _domain)
    app.add_exception_handler(DatabaseUnavailableError, _unavailable)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)


async def _domain(_: Request, error: Exception) -> Response:
    assert isinstance(error, errors.DomainError)  # noqa: S101 - how it is installed
    headers: dict[str, str] = {}
    members = None
    if isinstance(error, errors.NotSignedInError):
        headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, errors.ThrottledError):
        headers["Retry-After"] = str(error.retry_after)
    if isinstance(error, errors.InvalidError):
        members = [InvalidMember(pointer=error.pointer, detail=error.detail)]
    return problem(
        _STATUS[type(error)], error.detail, kind=error.kind, headers=headers, members=members
    )


async def _unavailable(_: Request, error: Exception) -> Response:
    busy = isinstance(error, DatabaseBusyError)
    return problem(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "too many requests at the same time; try again"
        if busy
        else "the database is unavailable at the moment; try again",
        kind="busy" if busy else "unavailable",
        headers={"Retry-After": str(RETRY_SECONDS)},
    )


async def _invalid(_: Request, error: Exception) -> Response:
    """The answer does not repeat the input: it may hold a password, or values that JSON cannot."""
    assert isinstance(error, RequestValidationError)  # noqa: S101 - how it is installed
    if any(fault["type"] == "json_invalid" for fault in error.errors()):
        return problem(HTTPStatus.BAD_REQUEST, "the body is not JSON", kind="not-json")
    members = [
        InvalidMember(
            pointer=_pointer(fault["loc"]), detail=fault["msg"].removeprefix("Value error, ")
        )
        for fault in error.errors()
    ]
    return problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "; ".join(f"{member.pointer}: {member.detail}" for member in members[:5]),
        kind="invalid",
        members=members,
    )


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - how it is installed
    headers = dict(error.headers or {})
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = ", ".join(_allowed(request))
    return problem(error.status_code, str(error.detail), headers=headers)


def _allowed(request: Request) -> list[str]:
    """The methods of all routes of the path. Starlette names those of the first one only."""
    routes: list[BaseRoute] = request.app.routes
    scopes = ({**request.scope, "method": method} for method in _METHODS)
    found = [s["method"] for s in scopes if any(r.matches(s)[0] is Match.FULL for r in routes)]
    return ["GET", "HEAD", *found[1:]] if "GET" in found else found


def _pointer(location: tuple[Any, ...]) -> str:
    """`("body", "components", 0, "id")` becomes `#/components/0/id`; others keep their first
    part."""
    parts = location[1:] if location[:1] == ("body",) else location
    escaped = (str(part).replace("~", "~0").replace("/", "~1") for part in parts)
    return "#/" + "/".join(escaped)
