"""Scheduled maintenance: announcing, changing, calling off."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from starlette.routing import Route

from frontend.admin.area import Area
from frontend.admin.call import Call, Outcome, Page, Redirect, form_page
from frontend.admin.form import Fault, Field, Form, blank, parse_time, read_form, write_time
from frontend.admin.submit import Current, submit
from frontend.admin.sure import Sure
from frontend.api.client import BackendClient
from frontend.api.model import Component, ComponentList, Maintenance, MaintenanceList
from frontend.api.reader import Reader
from frontend.language import Language
from frontend.pages.public import parse_id

LIST = "/admin/maintenance"
_PREFIX = "touched-"
_LONGEST = dt.timedelta(days=31)
_FIELDS = (
    Field("title", label="field.title", group="group.english", language="en"),
    Field("body", "lines", label="field.body", at_most=5000, group="group.english", language="en"),
    Field("title_ja", label="field.title", required=False, group="group.japanese", language="ja"),
    Field(
        "body_ja",
        "lines",
        label="field.body",
        required=False,
        at_most=5000,
        group="group.japanese",
        language="ja",
    ),
    Field("starts_at", "time", label="field.starts_at", group="group.times"),
    Field("ends_at", "time", label="field.ends_at", hint="hint.ends_at", group="group.times"),
)


class Maintenances:
    def __init__(self, client: BackendClient, reader: Reader) -> None:
        self._client = client
        self._reader = reader

    def routes(self, area: Area) -> list[Route]:
        one = f"{LIST}/{{id}}"
        return [
            area.show(LIST, self.list),
            area.take(LIST, self.create),
            area.show(f"{LIST}/new", self.show_new),
            area.show(one, self.show),
            area.take(one, self.change),
            area.show(f"{one}/delete", self.ask_to_delete),
            area.act(f"{one}/delete", self.delete),
        ]

    async def list(self, call: Call) -> Outcome:
        found = await self._client.get("/maintenances", MaintenanceList, caller=call.caller)
        return Page("admin/maintenances.html", {"maintenances": found.maintenances})

    async def show_new(self, call: Call) -> Outcome:
        return _new_page(blank(await self._fields(call)))

    async def create(self, call: Call) -> Outcome:
        form = _read(await self._fields(call), call.data)

        async def send() -> Redirect:
            made = await self._client.create(
                "/maintenances", _members(form), Maintenance, caller=call.caller, key=form.key
            )
            self._reader.expire()
            return Redirect(LIST, "notice.maintenance_created", made.title)

        return await submit(call, form, send, _new_page)

    async def show(self, call: Call) -> Outcome:
        found = await self._client.get_versioned(_path(call), Maintenance, caller=call.caller)
        form = Form(await self._fields(call), _values(found.value), version=found.etag)
        return _edit_page(call, form)

    async def change(self, call: Call) -> Outcome:
        before = await self._client.get(_path(call), Maintenance, caller=call.caller)
        form = _read(await self._fields(call), call.data, before)

        async def send() -> Redirect:
            if not form.has(_values(before)):  # else nothing to send to the readers of the feed
                body = _members(form, before)
                await self._client.change(
                    "PATCH", _path(call), body, caller=call.caller, if_match=form.version
                )
                self._reader.expire()
            return Redirect(LIST, "notice.saved", form.text("title"))

        async def current() -> Current:
            found = await self._client.get_versioned(_path(call), Maintenance, caller=call.caller)
            nothing = {one.name: "" for one in form.fields}
            return Current({**nothing, **_values(found.value)}, found.etag)

        return await submit(call, form, send, lambda form: _edit_page(call, form), current)

    async def ask_to_delete(self, call: Call) -> Outcome:
        found = await self._client.get_versioned(_path(call), Maintenance, caller=call.caller)
        return _sure(call).ask(found.value.title, found.etag)

    async def delete(self, call: Call) -> Outcome:
        async def send(version: str) -> None:
            await self._client.change("DELETE", _path(call), caller=call.caller, if_match=version)
            self._reader.expire()

        return await _sure(call).confirm(call, send, LIST, "notice.deleted")

    async def _fields(self, call: Call) -> tuple[Field, ...]:
        found = await self._client.get("/components", ComponentList, caller=call.caller)
        touched = (_touched_field(component, call.visit.spoken) for component in found.components)
        return (*_FIELDS, *touched)


def _touched_field(component: Component, language: Language) -> Field:
    name = component.name_ja if language is Language.JAPANESE else None
    return Field(
        f"{_PREFIX}{component.id}",
        "check",
        words=name or component.name,
        required=False,
        group="group.touched",
    )


def _read(
    fields: tuple[Field, ...], data: Mapping[str, str], before: Maintenance | None = None
) -> Form:
    form = read_form(fields, data)
    times = _times(form, before)
    start, end = times["starts_at"], times["ends_at"]
    if start is None or end is None or form.faults.keys() & times.keys():
        return form
    if end <= start:
        return form.with_faults({**form.faults, "ends_at": Fault("fault.order")})
    if end - start > _LONGEST:
        return form.with_faults({**form.faults, "ends_at": Fault("fault.too_late")})
    return form


def _times(form: Form, before: Maintenance | None) -> dict[str, dt.datetime | None]:
    """A form has whole minutes: a time that was not changed keeps its seconds."""
    saved = {"starts_at": before.starts_at, "ends_at": before.ends_at} if before else {}
    return {
        name: saved[name]
        if name in saved and form.text(name) == write_time(saved[name])
        else parse_time(form.text(name))
        for name in ("starts_at", "ends_at")
    }


def _values(maintenance: Maintenance) -> Mapping[str, str]:
    return {
        "title": maintenance.title,
        "title_ja": maintenance.title_ja or "",
        "body": maintenance.body,
        "body_ja": maintenance.body_ja or "",
        "starts_at": write_time(maintenance.starts_at),
        "ends_at": write_time(maintenance.ends_at),
        **{f"{_PREFIX}{component.id}": "yes" for component in maintenance.components},
    }


def _members(form: Form, before: Maintenance | None = None) -> Mapping[str, object]:
    times = _times(form, before)
    return {
        "title": form.text("title"),
        "title_ja": form.optional("title_ja"),
        "body": form.text("body"),
        "body_ja": form.optional("body_ja"),
        **{name: moment.isoformat() for name, moment in times.items() if moment},
        "component_ids": [
            one.name.removeprefix(_PREFIX)
            for one in form.fields
            if one.name.startswith(_PREFIX) and form.text(one.name)
        ],
    }


def _path(call: Call) -> str:
    return f"/maintenances/{parse_id(call.part('id'))}"


def _new_page(form: Form) -> Page:
    return form_page(form, "maintenance_new", LIST)


def _edit_page(call: Call, form: Form) -> Page:
    action = f"{LIST}/{call.part('id')}"
    return form_page(form, "maintenance", action, delete=f"{action}/delete")


def _sure(call: Call) -> Sure:
    return Sure("maintenance_delete", f"{LIST}/{call.part('id')}")
