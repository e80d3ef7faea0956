"""Updates that are published: editing and deleting one. Drafts: discarding one."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.exceptions import HTTPException
from starlette.routing import Route

from frontend.admin.area import Area
from frontend.admin.call import Call, Outcome, Page, Redirect, form_page
from frontend.admin.form import Form, read_form, when, write_time
from frontend.admin.incident_form import edit_fields, path_of
from frontend.admin.submit import Current, submit
from frontend.admin.sure import Sure
from frontend.api.client import BackendClient, Versioned
from frontend.api.model import Draft, Incident, IncidentUpdate
from frontend.api.reader import Reader
from frontend.language import format_moment
from frontend.pages.public import parse_id


class Updates:
    def __init__(self, client: BackendClient, reader: Reader) -> None:
        self._client = client
        self._reader = reader

    def routes(self, area: Area) -> list[Route]:
        one = "/admin/incidents/{id}/updates/{update}"
        draft = "/admin/drafts/{id}/delete"
        return [
            area.show(one, self.show),
            area.take(one, self.change),
            area.show(f"{one}/delete", self.ask_to_delete),
            area.act(f"{one}/delete", self.delete),
            area.show(draft, self.ask_to_discard),
            area.act(draft, self.discard),
        ]

    async def show(self, call: Call) -> Outcome:
        found = await self._incident(call)
        values = _values(_update(call, found.value))
        return _edit_page(call, Form(edit_fields(), values, version=found.etag))

    async def change(self, call: Call) -> Outcome:
        form = read_form(edit_fields(), call.data)

        async def send() -> Redirect:
            incident = (await self._incident(call)).value
            before = _update(call, incident)
            if form.has(_values(before)):  # nothing to mark as edited
                return Redirect(_back(call), "notice.saved", incident.title)
            body: dict[str, object] = {
                "status": form.text("status"),
                "body": form.text("body"),
                "body_ja": form.optional("body_ja"),
            }
            # A form has whole minutes: a time that was not changed keeps its seconds.
            if form.text("occurred_at") != write_time(before.created_at):
                body["occurred_at"] = when(form, "occurred_at", incident.started_at)
            await self._client.change(
                "PATCH", _path(call), body, caller=call.caller, if_match=form.version
            )
            self._reader.expire()
            return Redirect(_back(call), "notice.saved", incident.title)

        async def current() -> Current:
            found = await self._incident(call)
            return Current(_values(_update(call, found.value)), found.etag)

        return await submit(call, form, send, lambda form: _edit_page(call, form), current)

    async def ask_to_delete(self, call: Call) -> Outcome:
        found = await self._incident(call)
        update = _update(call, found.value)
        return _sure(call).ask(format_moment(call.visit.spoken, update.created_at), found.etag)

    async def delete(self, call: Call) -> Outcome:
        async def send(version: str) -> None:
            await self._client.change("DELETE", _path(call), caller=call.caller, if_match=version)
            self._reader.expire()

        return await _sure(call).confirm(call, send, _back(call), "notice.deleted")

    async def ask_to_discard(self, call: Call) -> Outcome:
        path = f"/drafts/{parse_id(call.part('id'))}"
        found = await self._client.get(path, Draft, caller=call.caller)
        return _sure_of_draft(call).ask(found.content.title)

    async def discard(self, call: Call) -> Outcome:
        async def send(_: str) -> None:
            path = f"/drafts/{parse_id(call.part('id'))}"
            await self._client.change("DELETE", path, caller=call.caller)

        return await _sure_of_draft(call).confirm(call, send, "/admin", "notice.deleted")

    async def _incident(self, call: Call) -> Versioned[Incident]:
        return await self._client.get_versioned(path_of(call), Incident, caller=call.caller)


def _update(call: Call, incident: Incident) -> IncidentUpdate:
    wanted = parse_id(call.part("update"))
    for update in incident.updates:
        if update.id == wanted:
            return update
    raise HTTPException(404)


def _values(update: IncidentUpdate) -> Mapping[str, str]:
    return {
        "status": update.status.value,
        "body": update.body,
        "body_ja": update.body_ja or "",
        "occurred_at": write_time(update.created_at),
    }


def _path(call: Call) -> str:
    return f"{path_of(call)}/updates/{parse_id(call.part('update'))}"


def _back(call: Call) -> str:
    return f"/admin/incidents/{call.part('id')}"


def _edit_page(call: Call, form: Form) -> Page:
    return form_page(form, "update_edit", _here(call), delete=f"{_here(call)}/delete")


def _here(call: Call) -> str:
    return f"{_back(call)}/updates/{call.part('update')}"


def _sure(call: Call) -> Sure:
    return Sure("update_delete", _here(call))


def _sure_of_draft(call: Call) -> Sure:
    draft = call.part("id")
    back = f"/admin/incidents/new?draft={draft}"
    return Sure("draft_delete", back, f"/admin/drafts/{draft}/delete")
