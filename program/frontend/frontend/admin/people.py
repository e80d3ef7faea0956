"""Administrators, API keys and the audit trail."""

from __future__ import annotations

from starlette.routing import Route

from frontend.admin.area import Area
from frontend.admin.audit import changes
from frontend.admin.call import Call, Outcome, Page
from frontend.admin.form import Fault, Field, Form, read_form
from frontend.admin.submit import submit
from frontend.admin.sure import Sure
from frontend.api.client import BackendClient
from frontend.api.model import (
    AdministratorList,
    ApiKeyList,
    AuditList,
    NewApiKey,
    NewPassword,
    Scope,
)
from frontend.pages.public import parse_id

PEOPLE, KEYS, AUDIT = "/admin/administrators", "/admin/keys", "/admin/audit"
_USERNAME = (Field("username", label="field.username", at_most=100),)
# `incidents:write` is the field `write_incidents`.
_SCOPES = {"_".join(reversed(scope.split(":"))): scope for scope in Scope}
_KEY = (
    Field("name", label="field.name", hint="hint.key_name", at_most=100),
    *(
        Field(name, "check", label=f"scope.{name}", required=False, group="group.scopes")
        for name in _SCOPES
    ),
)


class People:
    def __init__(self, client: BackendClient) -> None:
        self._client = client

    def routes(self, area: Area) -> list[Route]:
        one = f"{PEOPLE}/{{id}}"
        return [
            area.show(PEOPLE, self.list),
            area.take(PEOPLE, self.create),
            area.show(f"{one}/disable", self.ask_to_disable),
            area.act(f"{one}/disable", self.disable),
            area.show(f"{one}/reset-password", self.ask_to_reset),
            area.act(f"{one}/reset-password", self.reset),
            area.show(KEYS, self.list_keys),
            area.take(KEYS, self.create_key),
            area.show(f"{KEYS}/{{id}}/delete", self.ask_to_revoke),
            area.act(f"{KEYS}/{{id}}/delete", self.revoke),
            area.show(AUDIT, self.audit),
        ]

    async def list(self, call: Call) -> Outcome:
        return await self._people(call, Form(_USERNAME))

    async def create(self, call: Call) -> Outcome:
        form = read_form(_USERNAME, call.data)
        found = await self._client.get("/administrators", AdministratorList, caller=call.caller)

        async def send() -> Outcome:
            body = {"username": form.text("username")}
            made = await self._client.create(
                "/administrators", body, NewPassword, caller=call.caller
            )
            return _password_page(made, "password_made")

        def page(form: Form) -> Page:
            return Page("admin/people.html", {"form": form, "people": found.administrators})

        return await submit(call, form, send, page)

    async def ask_to_disable(self, call: Call) -> Outcome:
        return _sure_to(call, "disable").ask(await self._name(call))

    async def disable(self, call: Call) -> Outcome:
        async def send(_: str) -> None:
            path = f"/administrators/{parse_id(call.part('id'))}/disable"
            await self._client.change("POST", path, caller=call.caller)

        return await _sure_to(call, "disable").confirm(call, send, PEOPLE, "notice.disabled")

    async def ask_to_reset(self, call: Call) -> Outcome:
        return _sure_to(call, "reset", "reset-password").ask(await self._name(call))

    async def reset(self, call: Call) -> Outcome:
        path = f"/administrators/{parse_id(call.part('id'))}/reset-password"
        made = await self._client.create(path, {}, NewPassword, caller=call.caller)
        return _password_page(made, "password_reset")

    async def list_keys(self, call: Call) -> Outcome:
        found = await self._client.get("/api-keys", ApiKeyList, caller=call.caller)
        return Page("admin/keys.html", {"form": Form(_KEY), "keys": found.keys})

    async def create_key(self, call: Call) -> Outcome:
        form = read_form(_KEY, call.data)
        scopes = [scope.value for name, scope in _SCOPES.items() if form.text(name)]
        if not scopes and not form.is_faulty:
            form = form.with_faults({_KEY[1].name: Fault("fault.scopes")})
        found = await self._client.get("/api-keys", ApiKeyList, caller=call.caller)

        async def send() -> Outcome:
            body = {"name": form.text("name"), "scopes": scopes}
            made = await self._client.create("/api-keys", body, NewApiKey, caller=call.caller)
            values = {"page": "key_made", "name": made.key.name, "secret": made.token, "back": KEYS}
            return Page("admin/secret.html", values)

        def page(form: Form) -> Page:
            return Page("admin/keys.html", {"form": form, "keys": found.keys})

        return await submit(call, form, send, page)

    async def ask_to_revoke(self, call: Call) -> Outcome:
        wanted = parse_id(call.part("id"))
        found = await self._client.get("/api-keys", ApiKeyList, caller=call.caller)
        return _sure_of_key(call).ask(
            next((key.name for key in found.keys if key.id == wanted), "")
        )

    async def revoke(self, call: Call) -> Outcome:
        async def send(_: str) -> None:
            path = f"/api-keys/{parse_id(call.part('id'))}"
            await self._client.change("DELETE", path, caller=call.caller)

        return await _sure_of_key(call).confirm(call, send, KEYS, "notice.revoked")

    async def audit(self, call: Call) -> Outcome:
        query: dict[str, str | int] = {"limit": 50}
        before = call.request.query_params.get("before", "")
        if before.isascii() and before.isdecimal():
            query["before"] = before[:9]
        found = await self._client.get("/audit", AuditList, query=query, caller=call.caller)
        records = [(record, changes(record)) for record in found.records]
        return Page("admin/audit.html", {"records": records, "next": found.next})

    async def _people(self, call: Call, form: Form) -> Page:
        found = await self._client.get("/administrators", AdministratorList, caller=call.caller)
        return Page("admin/people.html", {"form": form, "people": found.administrators})

    async def _name(self, call: Call) -> str:
        wanted = parse_id(call.part("id"))
        found = await self._client.get("/administrators", AdministratorList, caller=call.caller)
        return next((one.username for one in found.administrators if one.id == wanted), "")


def _sure_to(call: Call, deed: str, path: str = "") -> Sure:
    action = f"{PEOPLE}/{call.part('id')}/{path or deed}"
    return Sure(f"administrator_{deed}", PEOPLE, action)


def _sure_of_key(call: Call) -> Sure:
    return Sure("key_revoke", KEYS, f"{KEYS}/{call.part('id')}/delete")


def _password_page(made: NewPassword, page: str) -> Page:
    values = {
        "page": page,
        "name": made.administrator.username,
        "secret": made.password,
        "back": PEOPLE,
    }
    return Page("admin/secret.html", values)
