"""Signing in and out, and changing one's password."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from http import HTTPStatus

from starlette.routing import Route

from frontend.admin.area import Area
from frontend.admin.call import SIGN_IN, Call, Outcome, Page, Redirect, Resume, caller
from frontend.admin.credentials import CREDENTIALS
from frontend.admin.form import Fault, Field, Form, read_form
from frontend.admin.submit import refused, submit, unavailable
from frontend.admin.visit import device_of, signed_in, signed_out
from frontend.api.client import BackendClient
from frontend.api.error import BackendError, BackendRefusedError
from frontend.api.model import NewSession

_PASSWORDS = (
    Field(
        "current_password",
        "password",
        label="field.current_password",
        at_most=128,
        autocomplete="current-password",
    ),
    Field(
        "new_password",
        "password",
        label="field.new_password",
        hint="hint.new_password",
        at_least=12,
        at_most=128,
        autocomplete="new-password",
    ),
    Field(
        "repeated_password",
        "password",
        label="field.repeated_password",
        at_most=128,
        autocomplete="new-password",
    ),
)
# Only pages of the area: signing in must never redirect to another site.
_INSIDE = re.compile(r"(/admin(?:/[a-z0-9-]+)*)(?:\?[A-Za-z0-9_.~%=&+-]*)?")


class SignIn:
    def __init__(self, client: BackendClient) -> None:
        self._client = client

    def routes(self, area: Area) -> list[Route]:
        return [
            area.show(SIGN_IN, self.show, to_all=True),
            area.take(SIGN_IN, self.enter, to_all=True),
            area.act("/admin/sign-out", self.leave, to_all=True),
            area.show("/admin/password", self.show_password),
            area.take("/admin/password", self.change_password),
        ]

    async def show(self, call: Call) -> Outcome:
        if call.visit.is_signed_in:
            return Redirect("/admin")
        return _sign_in_page(call, Form(CREDENTIALS))

    async def enter(self, call: Call) -> Outcome:
        form = read_form(CREDENTIALS, call.data)
        kept = _kept(call)
        if call.only_show:  # the page is older than this visit: a sign-in happened meanwhile
            if kept is not None and call.visit.is_signed_in:
                return Resume(*kept, call.visit)
            return _sign_in_page(call, form)
        if form.is_faulty:
            return _sign_in_page(call, form, HTTPStatus.UNPROCESSABLE_ENTITY)
        credentials = {name: form.text(name) for name in ("username", "password")}
        try:
            session = await self._client.create(
                "/sessions",
                credentials,
                NewSession,
                caller=caller(call.request),
                device=device_of(call.request),
            )
        except BackendRefusedError as error:
            return _not_let_in(call, form, error)
        except BackendError:
            return _sign_in_page(call, unavailable(form), HTTPStatus.SERVICE_UNAVAILABLE)
        visit = signed_in(call.visit, session.token, form.text("username"))
        if kept is not None:
            return Resume(*kept, visit, session.device)
        return Redirect(_return_to(call), visit=visit, device=session.device)

    async def leave(self, call: Call) -> Outcome:
        """Sign out even if the backend is unavailable: its session then expires by itself."""
        if call.visit.is_signed_in:
            try:
                await self._client.change("DELETE", "/sessions/current", caller=call.caller)
            except BackendError as error:
                if not _has_ended(error):
                    return Redirect(SIGN_IN, "notice.left_alone", visit=signed_out(call.visit))
        return Redirect(SIGN_IN, "notice.left", visit=signed_out(call.visit))

    async def show_password(self, _: Call) -> Outcome:
        return _password_page(Form(_PASSWORDS))

    async def change_password(self, call: Call) -> Outcome:
        form = read_form(_PASSWORDS, call.data)
        if not form.faults and form.text("new_password") != form.text("repeated_password"):
            form = form.with_faults({"repeated_password": Fault("fault.not_repeated")})

        async def send() -> Redirect:
            try:
                await self._client.change(
                    "PUT",
                    "/administrators/me/password",
                    {name: form.text(name) for name in ("current_password", "new_password")},
                    caller=call.caller,
                )
            except BackendRefusedError as error:
                if error.status == HTTPStatus.FORBIDDEN:
                    raise _wrong_current_password() from error
                raise
            return Redirect("/admin", "notice.password_changed")

        return await submit(call, form, send, _password_page)


def _has_ended(error: BackendError) -> bool:
    """Whether the session was over already."""
    return isinstance(error, BackendRefusedError) and error.status == HTTPStatus.UNAUTHORIZED


def _wrong_current_password() -> BackendRefusedError:
    return BackendRefusedError(HTTPStatus.FORBIDDEN, kind="wrong-current-password")


def _not_let_in(call: Call, form: Form, error: BackendRefusedError) -> Page:
    if error.status == HTTPStatus.UNAUTHORIZED:
        form = form.with_faults({}, Fault("fault.credentials"))
    elif error.status == HTTPStatus.TOO_MANY_REQUESTS:
        form = form.with_faults({}, Fault("fault.throttled"))
    else:
        form = refused(form, error, call.visit.spoken)
    headers = {"Retry-After": error.retry_after} if error.retry_after else {}
    return _sign_in_page(call, form, error.status, headers)


def _sign_in_page(
    call: Call,
    form: Form,
    status: int = HTTPStatus.OK,
    headers: Mapping[str, str] | None = None,
) -> Page:
    values = {"form": form, "next": _return_to(call), "kept": call.data.get("kept", "")}
    return Page("admin/sign_in.html", values, status, headers or {})


def _password_page(form: Form) -> Page:
    return Page("admin/form.html", {"form": form, "page": "password", "action": "/admin/password"})


def _kept(call: Call) -> tuple[str, Mapping[str, str]] | None:
    """The path and data of a form that was sent after the session had ended."""
    try:
        found = json.loads(call.data.get("kept", ""))
        path, data = str(found["path"]), found["data"].items()
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    return path, {str(name): str(value) for name, value in data}


def _return_to(call: Call) -> str:
    asked = call.data.get("next") or call.request.query_params.get("next", "")
    inside = _INSIDE.fullmatch(asked)
    return asked if inside and inside[1] != SIGN_IN else "/admin"
