"""Incidents: reporting, updating, correcting and deleting them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from http import HTTPStatus

from starlette.routing import Route

from frontend.admin.affected import affected_members, affected_values
from frontend.admin.area import Area
from frontend.admin.call import Call, Outcome, Page, Redirect, form_page
from frontend.admin.form import Fault, Field, Form, Theirs, blank, read_form, when, write_time
from frontend.admin.incident_form import (
    BODIES,
    IMPACT,
    STARTED,
    TITLES,
    incident_members,
    new_fields,
    path_of,
    update_fields,
)
from frontend.admin.submit import Current, submit
from frontend.admin.sure import Sure
from frontend.api.client import BackendClient, Versioned
from frontend.api.error import BackendRefusedError
from frontend.api.model import (
    Component,
    ComponentList,
    Draft,
    DraftList,
    Impact,
    Incident,
    IncidentList,
    IncidentStatus,
)
from frontend.api.reader import Reader
from frontend.pages.public import parse_id

LIST = "/admin/incidents"


class Incidents:
    def __init__(self, client: BackendClient, reader: Reader) -> None:
        self._client = client
        self._reader = reader

    def routes(self, area: Area) -> list[Route]:
        one = f"{LIST}/{{id}}"
        return [
            area.show("/admin", self.overview),
            area.show(LIST, self.list),
            area.take(LIST, self.create),
            area.show(f"{LIST}/new", self.show_new),
            area.show(one, self.show),
            area.show(f"{one}/updates", self.back),
            area.take(f"{one}/updates", self.post_update),
            area.show(f"{one}/edit", self.show_edit),
            area.take(f"{one}/edit", self.change),
            area.show(f"{one}/delete", self.ask_to_delete),
            area.act(f"{one}/delete", self.delete),
        ]

    async def overview(self, call: Call) -> Outcome:
        active = await self._client.get(
            "/incidents", IncidentList, query={"state": "active", "limit": 50}, caller=call.caller
        )
        values = {
            "incidents": active.incidents,
            "drafts": await self._drafts(call),
            "components": await self._components(call),
        }
        return Page("admin/overview.html", values)

    async def list(self, call: Call) -> Outcome:
        query: dict[str, str | int] = {"state": "all", "limit": 25}
        if before := call.request.query_params.get("before", ""):
            query["before"] = before[:200]
        found = await self._client.get("/incidents", IncidentList, query=query, caller=call.caller)
        return Page("admin/incidents.html", {"incidents": found.incidents, "next": found.next})

    async def show_new(self, call: Call) -> Outcome:
        fields = new_fields(await self._components(call), call)
        values = {"status": IncidentStatus.INVESTIGATING.value, "impact": Impact.MINOR.value}
        draft = call.request.query_params.get("draft", "")
        if draft:
            path = f"/drafts/{parse_id(draft)}"
            found = await self._client.get(path, Draft, caller=call.caller)
            values = _of_draft(found)
        return _new_page(blank(fields, values), draft)

    async def create(self, call: Call) -> Outcome:
        form = read_form(new_fields(await self._components(call), call), call.data)
        draft = call.data.get("draft", "")

        async def send() -> Redirect:
            body = incident_members(form)
            if draft:
                body["draft_id"] = str(parse_id(draft))
            made = await self._client.create(
                "/incidents", body, Incident, caller=call.caller, key=form.key
            )
            self._reader.expire()
            return Redirect(f"{LIST}/{made.id}", "notice.incident_created", made.title)

        def page(form: Form) -> Page:
            is_gone = form.general == Fault("problem.draft-gone")
            return _new_page(form, "" if is_gone else draft)

        return await submit(call, form, send, page)

    async def show(self, call: Call) -> Outcome:
        found = await self._incident(call)
        fields = update_fields(await self._components(call), call)
        return _incident_page(found.value, blank(fields, _update_values(found.value)), found.etag)

    async def back(self, call: Call) -> Outcome:
        """Redirect a form's address that is opened by GET: after a reload, or a change of
        language."""
        return Redirect(f"{LIST}/{parse_id(call.part('id'))}")

    async def post_update(self, call: Call) -> Outcome:
        found = await self._incident(call)
        incident = found.value
        form = read_form(update_fields(await self._components(call), call), call.data)

        async def send() -> Redirect:
            # All of the form, changed or not: a form that is sent again must be the same request,
            # also if the first one has changed the incident and only its answer was lost.
            body: dict[str, object] = {
                "status": form.text("status"),
                "body": form.text("body"),
                "body_ja": form.optional("body_ja"),
                "components": affected_members(form),
            }
            if occurred := when(form, "occurred_at", incident.started_at):
                body["occurred_at"] = occurred
            await self._client.change(
                "POST",
                f"/incidents/{incident.id}/updates",
                body,
                caller=call.caller,
                if_match=form.version,
                key=form.key,
            )
            self._reader.expire()
            resolved = form.text("status") == IncidentStatus.RESOLVED.value
            notice = "notice.incident_resolved" if resolved else "notice.update_posted"
            return Redirect(f"{LIST}/{incident.id}", notice, incident.title)

        async def current() -> Current:
            return _current_update(form, await self._incident(call))

        def page(form: Form) -> Page:
            return _incident_page(incident, form, form.version)

        return await submit(call, form, send, page, current)

    async def show_edit(self, call: Call) -> Outcome:
        found = await self._incident(call)
        form = Form((*TITLES, IMPACT, STARTED), _head(found.value), version=found.etag)
        return _edit_page(call, form)

    async def change(self, call: Call) -> Outcome:
        form = read_form((*TITLES, IMPACT, STARTED), call.data)

        async def send() -> Redirect:
            before = (await self._incident(call)).value
            done = Redirect(f"{LIST}/{before.id}", "notice.saved", form.text("title"))
            if form.has(_head(before)):  # nothing to send to the readers of the feed again
                return done
            body = {
                "title": form.text("title"),
                "title_ja": form.optional("title_ja"),
                "impact": form.text("impact"),
            }
            # A form has whole minutes: a time that was not changed keeps its seconds.
            if form.text("started_at") != write_time(before.started_at):
                body["started_at"] = when(form, "started_at")
            await self._client.change(
                "PATCH", path_of(call), body, caller=call.caller, if_match=form.version
            )
            self._reader.expire()
            return done

        async def current() -> Current:
            found = await self._incident(call)
            return Current(_head(found.value), found.etag)

        return await submit(call, form, send, lambda form: _edit_page(call, form), current)

    async def ask_to_delete(self, call: Call) -> Outcome:
        found = await self._incident(call)
        return _sure(call).ask(found.value.title, found.etag)

    async def delete(self, call: Call) -> Outcome:
        async def send(version: str) -> None:
            await self._client.change("DELETE", path_of(call), caller=call.caller, if_match=version)
            self._reader.expire()

        return await _sure(call).confirm(call, send, LIST, "notice.deleted")

    async def _drafts(self, call: Call) -> Sequence[Draft]:
        """The drafts; none from a backend of the release before, during a deployment."""
        try:
            return (await self._client.get("/drafts", DraftList, caller=call.caller)).drafts
        except BackendRefusedError as error:
            if error.status != HTTPStatus.NOT_FOUND:
                raise
            return ()

    async def _incident(self, call: Call) -> Versioned[Incident]:
        return await self._client.get_versioned(path_of(call), Incident, caller=call.caller)

    async def _components(self, call: Call) -> Sequence[Component]:
        found = await self._client.get("/components", ComponentList, caller=call.caller)
        return found.components


def _of_draft(draft: Draft) -> dict[str, str]:
    content = draft.content
    return {
        "title": content.title,
        "title_ja": content.title_ja or "",
        "body": content.body,
        "body_ja": content.body_ja or "",
        "impact": content.impact.value,
        "status": content.status.value,
        "occurred_at": write_time(content.occurred_at or draft.created_at),
        **affected_values(content.components),
    }


def _head(incident: Incident) -> Mapping[str, str]:
    return {
        "title": incident.title,
        "title_ja": incident.title_ja or "",
        "impact": incident.impact.value,
        "started_at": write_time(incident.started_at),
    }


def _update_values(incident: Incident) -> Mapping[str, str]:
    return {"status": incident.status.value, **affected_values(incident.components)}


def _current_update(form: Form, found: Versioned[Incident]) -> Current:
    """A new update conflicts with no saved text; the latest update is shown beside it."""
    nothing = {one.name: "" for one in form.fields if one.name.startswith("affected-")}
    newest = found.value.updates[0]
    fields: Mapping[str, Field] = {field.name: field for field in BODIES}
    more = [Theirs(fields["body"], newest.body)]
    if newest.body_ja:
        more.append(Theirs(fields["body_ja"], newest.body_ja))
    return Current({**nothing, **_update_values(found.value)}, found.etag, tuple(more))


def _new_page(form: Form, draft: str = "") -> Page:
    more = {"hidden": {"draft": draft}, "delete": f"/admin/drafts/{draft}/delete"} if draft else {}
    return form_page(form, "incident_new", LIST, **more)


def _edit_page(call: Call, form: Form) -> Page:
    here = f"{LIST}/{call.part('id')}"
    return form_page(form, "incident_edit", f"{here}/edit", delete=f"{here}/delete")


def _sure(call: Call) -> Sure:
    return Sure("incident_delete", f"{LIST}/{call.part('id')}")


def _incident_page(incident: Incident, form: Form, version: str) -> Page:
    return Page(
        "admin/incident.html", {"incident": incident, "form": replace(form, version=version)}
    )
