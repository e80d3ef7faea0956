"""Incidents: reporting one, telling how it goes on, correcting its title, resolving it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from starlette.routing import Route

from frontend.admin.affected import affected_fields, affected_members, affected_values
from frontend.admin.area import Area, Call, Outcome, Page, Redirect, submit
from frontend.admin.form import Choice, Field, Form, choices_of, read_form
from frontend.api.client import BackendClient
from frontend.api.model import (
    Component,
    ComponentList,
    Impact,
    Incident,
    IncidentList,
    IncidentStatus,
)
from frontend.api.reader import Reader
from frontend.pages.public import parse_id

LIST = "/admin/incidents"
_TITLES = (
    Field("title", label="field.title", hint="hint.title", group="group.english", language="en"),
    Field("title_ja", label="field.title", required=False, group="group.japanese", language="ja"),
)
_BODIES = (
    Field("body", "lines", label="field.body", at_most=5000, group="group.english", language="en"),
    Field(
        "body_ja",
        "lines",
        label="field.body",
        required=False,
        at_most=5000,
        group="group.japanese",
        language="ja",
    ),
)
_IMPACT = Field(
    "impact",
    "choice",
    label="field.impact",
    hint="hint.impact",
    choices=choices_of(Impact, "impact"),
)
_ALL_STATUSES = choices_of(IncidentStatus, "incident_status")
_FIRST_STATUSES = tuple(
    choice for choice in _ALL_STATUSES if choice.value != IncidentStatus.RESOLVED.value
)


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
            area.take(f"{one}/updates", self.post_update),
            area.show(f"{one}/edit", self.show_edit),
            area.take(f"{one}/edit", self.change),
        ]

    async def overview(self, call: Call) -> Outcome:
        active = await self._client.get(
            "/incidents", IncidentList, query={"state": "active", "limit": 50}, caller=call.caller
        )
        components = await self._components(call)
        return Page(
            "admin/overview.html", {"incidents": active.incidents, "components": components}
        )

    async def list(self, call: Call) -> Outcome:
        query: dict[str, str | int] = {"state": "all", "limit": 25}
        if before := call.request.query_params.get("before", ""):
            query["before"] = before[:200]
        found = await self._client.get("/incidents", IncidentList, query=query, caller=call.caller)
        return Page("admin/incidents.html", {"incidents": found.incidents, "next": found.next})

    async def show_new(self, call: Call) -> Outcome:
        fields = _new_fields(await self._components(call), call)
        values = {"status": IncidentStatus.INVESTIGATING.value, "impact": Impact.MINOR.value}
        return _new_page(Form(fields, values))

    async def create(self, call: Call) -> Outcome:
        form = read_form(_new_fields(await self._components(call), call), call.data)

        async def send() -> Redirect:
            body = {
                "title": form.text("title"),
                "title_ja": form.optional("title_ja"),
                "impact": form.text("impact"),
                "status": form.text("status"),
                "components": affected_members(form),
                "body": form.text("body"),
                "body_ja": form.optional("body_ja"),
            }
            made = await self._client.create("/incidents", body, Incident, caller=call.caller)
            self._reader.expire()
            return Redirect(f"{LIST}/{made.id}", "notice.incident_created", made.title)

        return await submit(call, form, send, _new_page)

    async def show(self, call: Call) -> Outcome:
        incident = await self._incident(call)
        fields = _update_fields(await self._components(call), call)
        values = {"status": incident.status.value, **affected_values(incident.components)}
        return _incident_page(incident, Form(fields, values))

    async def post_update(self, call: Call) -> Outcome:
        incident = await self._incident(call)
        form = read_form(_update_fields(await self._components(call), call), call.data)

        async def send() -> Redirect:
            body: dict[str, object] = {
                "status": form.text("status"),
                "body": form.text("body"),
                "body_ja": form.optional("body_ja"),
            }
            if _affected_changed(form, incident):
                body["components"] = affected_members(form)
            path = f"/incidents/{incident.id}/updates"
            await self._client.change("POST", path, body, caller=call.caller)
            self._reader.expire()
            resolved = form.text("status") == IncidentStatus.RESOLVED.value
            return Redirect(
                f"{LIST}/{incident.id}",
                "notice.incident_resolved" if resolved else "notice.update_posted",
                incident.title,
            )

        return await submit(call, form, send, lambda form: _incident_page(incident, form))

    async def show_edit(self, call: Call) -> Outcome:
        path = f"/incidents/{parse_id(call.part('id'))}"
        found = await self._client.get_versioned(path, Incident, caller=call.caller)
        values = {
            "title": found.value.title,
            "title_ja": found.value.title_ja or "",
            "impact": found.value.impact.value,
        }
        return _edit_page(call, Form((*_TITLES, _IMPACT), values), found.etag)

    async def change(self, call: Call) -> Outcome:
        form, version = read_form((*_TITLES, _IMPACT), call.data), call.data.get("version", "")

        async def send() -> Redirect:
            body = {
                "title": form.text("title"),
                "title_ja": form.optional("title_ja"),
                "impact": form.text("impact"),
            }
            identifier = parse_id(call.part("id"))
            await self._client.change(
                "PATCH", f"/incidents/{identifier}", body, caller=call.caller, if_match=version
            )
            self._reader.expire()
            return Redirect(f"{LIST}/{identifier}", "notice.saved", form.text("title"))

        return await submit(call, form, send, lambda form: _edit_page(call, form, version))

    async def _incident(self, call: Call) -> Incident:
        path = f"/incidents/{parse_id(call.part('id'))}"
        return await self._client.get(path, Incident, caller=call.caller)

    async def _components(self, call: Call) -> Sequence[Component]:
        found = await self._client.get("/components", ComponentList, caller=call.caller)
        return found.components


def _new_fields(components: Sequence[Component], call: Call) -> tuple[Field, ...]:
    status = _status_field(_FIRST_STATUSES)
    affected = affected_fields(components, call.visit.spoken)
    english = (_TITLES[0], _BODIES[0])
    japanese = (_TITLES[1], _BODIES[1])
    return (*english, *japanese, _IMPACT, status, *affected)


def _update_fields(components: Sequence[Component], call: Call) -> tuple[Field, ...]:
    affected = affected_fields(components, call.visit.spoken)
    return (_status_field(_ALL_STATUSES), *_BODIES, *affected)


def _status_field(choices: tuple[Choice, ...]) -> Field:
    return Field("status", "choice", label="field.incident_status", choices=choices)


def _affected_changed(form: Form, incident: Incident) -> bool:
    def as_pairs(members: Sequence[Mapping[str, str]]) -> set[tuple[str, str]]:
        return {(member["id"], member["status"]) for member in members}

    before = [{"id": str(one.id), "status": one.status.value} for one in incident.components]
    return as_pairs(affected_members(form)) != as_pairs(before)


def _new_page(form: Form) -> Page:
    return Page("admin/form.html", {"form": form, "page": "incident_new", "action": LIST})


def _edit_page(call: Call, form: Form, version: str) -> Page:
    action = f"{LIST}/{call.part('id')}/edit"
    values = {"form": form, "page": "incident_edit", "action": action, "version": version}
    return Page("admin/form.html", values)


def _incident_page(incident: Incident, form: Form) -> Page:
    return Page("admin/incident.html", {"incident": incident, "form": form})
