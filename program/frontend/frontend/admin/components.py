"""Components: listing, adding, changing, ordering, deleting."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.routing import Route

from frontend.admin.area import Area
from frontend.admin.call import Call, Outcome, Page, Redirect, form_page
from frontend.admin.form import Field, Form, blank, choices_of, read_form
from frontend.admin.submit import Current, submit
from frontend.admin.sure import Sure
from frontend.api.client import BackendClient
from frontend.api.model import Component, ComponentList, ComponentStatus
from frontend.api.reader import Reader
from frontend.pages.public import parse_id

LIST = "/admin/components"
_SHOWN = "shown_status"  # when the form was opened
_FIELDS = (
    Field("name", label="field.name", at_most=100, group="group.english", language="en"),
    Field(
        "description",
        "lines",
        label="field.description",
        required=False,
        at_most=500,
        group="group.english",
        language="en",
    ),
    Field(
        "name_ja",
        label="field.name",
        required=False,
        at_most=100,
        group="group.japanese",
        language="ja",
    ),
    Field(
        "description_ja",
        "lines",
        label="field.description",
        required=False,
        at_most=500,
        group="group.japanese",
        language="ja",
    ),
    Field(
        "status",
        "choice",
        label="field.component_status",
        hint="hint.component_status",
        choices=choices_of(ComponentStatus, "component_status"),
    ),
)


class Components:
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
            area.act(f"{one}/move", self.move),
            area.show(f"{one}/delete", self.ask_to_delete),
            area.act(f"{one}/delete", self.delete),
        ]

    async def list(self, call: Call) -> Outcome:
        return Page("admin/components.html", {"components": await self._all(call)})

    async def show_new(self, _: Call) -> Outcome:
        return _new_page(blank(_FIELDS, {"status": ComponentStatus.OPERATIONAL.value}))

    async def create(self, call: Call) -> Outcome:
        form = read_form(_FIELDS, call.data)

        async def send() -> Redirect:
            made = await self._client.create(
                "/components", _members(form), Component, caller=call.caller, key=form.key
            )
            self._reader.expire()
            return Redirect(LIST, "notice.component_created", made.name)

        return await submit(call, form, send, _new_page)

    async def show(self, call: Call) -> Outcome:
        found = await self._client.get_versioned(_path(call), Component, caller=call.caller)
        form = Form(_FIELDS, _values(found.value), version=found.etag)
        return _edit_page(call, form, found.value.status.value)

    async def change(self, call: Call) -> Outcome:
        form, shown = read_form(_FIELDS, call.data), call.data.get(_SHOWN, "")

        async def send() -> Redirect:
            current = await self._client.get(_path(call), Component, caller=call.caller)
            # Send only the changed fields. The status shown may come from an incident or a
            # maintenance: sent back, it would become the component's own, and outlive them.
            before = _values(current)
            changed = {
                name: value
                for name, value in _members(form).items()
                if (value or "") != before[name] and (name, value) != ("status", shown)
            }
            if changed:
                await self._client.change(
                    "PATCH", _path(call), changed, caller=call.caller, if_match=form.version
                )
                self._reader.expire()
            return Redirect(LIST, "notice.saved", form.text("name"))

        async def current() -> Current:
            found = await self._client.get_versioned(_path(call), Component, caller=call.caller)
            return Current(_values(found.value), found.etag)

        return await submit(call, form, send, lambda form: _edit_page(call, form, shown), current)

    async def move(self, call: Call) -> Outcome:
        components = list(await self._all(call))
        places = [str(component.id) for component in components]
        wanted = str(parse_id(call.part("id")))
        if wanted in places:
            here = places.index(wanted)
            there = here + (-1 if call.data.get("direction") == "up" else 1)
            if 0 <= there < len(components):
                components[here], components[there] = components[there], components[here]
        for position, component in enumerate(components):
            if component.position != position:
                await self._client.change(
                    "PATCH",
                    f"/components/{component.id}",
                    {"position": position},
                    caller=call.caller,
                )
        self._reader.expire()
        return Redirect(f"{LIST}#c-{wanted}", "notice.moved")

    async def ask_to_delete(self, call: Call) -> Outcome:
        found = await self._client.get_versioned(_path(call), Component, caller=call.caller)
        return _sure(call).ask(found.value.name, found.etag)

    async def delete(self, call: Call) -> Outcome:
        async def send(version: str) -> None:
            await self._client.change("DELETE", _path(call), caller=call.caller, if_match=version)
            self._reader.expire()

        return await _sure(call).confirm(call, send, LIST, "notice.deleted")

    async def _all(self, call: Call) -> tuple[Component, ...]:
        found = await self._client.get("/components", ComponentList, caller=call.caller)
        return found.components


def _path(call: Call) -> str:
    return f"/components/{parse_id(call.part('id'))}"


def _values(component: Component) -> Mapping[str, str]:
    return {
        "name": component.name,
        "name_ja": component.name_ja or "",
        "description": component.description,
        "description_ja": component.description_ja or "",
        "status": component.status.value,
    }


def _members(form: Form) -> Mapping[str, str | None]:
    return {
        "name": form.text("name"),
        "name_ja": form.optional("name_ja"),
        "description": form.text("description"),
        "description_ja": form.optional("description_ja"),
        "status": form.text("status"),
    }


def _new_page(form: Form) -> Page:
    return form_page(form, "component_new", LIST)


def _edit_page(call: Call, form: Form, shown: str) -> Page:
    action, hidden = f"{LIST}/{call.part('id')}", {_SHOWN: shown}
    return form_page(form, "component", action, delete=f"{action}/delete", hidden=hidden)


def _sure(call: Call) -> Sure:
    return Sure("component_delete", f"{LIST}/{call.part('id')}")
