"""The fields of an incident and of an update."""

from __future__ import annotations

from collections.abc import Sequence

from frontend.admin.affected import affected_fields, affected_members
from frontend.admin.call import Call
from frontend.admin.form import Choice, Field, Form, choices_of, when
from frontend.api.model import Component, Impact, IncidentStatus
from frontend.pages.public import parse_id

TITLES = (
    Field("title", label="field.title", hint="hint.title", group="group.english", language="en"),
    Field("title_ja", label="field.title", required=False, group="group.japanese", language="ja"),
)
BODIES = (
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
IMPACT = Field(
    "impact",
    "choice",
    label="field.impact",
    hint="hint.impact",
    choices=choices_of(Impact, "impact"),
)
STARTED = Field("started_at", "time", label="field.started_at", hint="hint.utc")
OCCURRED = Field(
    "occurred_at",
    "time",
    label="field.occurred_at",
    hint="hint.occurred_at",
    required=False,
)
_ALL_STATUSES = choices_of(IncidentStatus, "incident_status")
_FIRST_STATUSES = tuple(
    choice for choice in _ALL_STATUSES if choice.value != IncidentStatus.RESOLVED.value
)


def new_fields(components: Sequence[Component], call: Call) -> tuple[Field, ...]:
    affected = affected_fields(components, call.visit.spoken)
    english = (TITLES[0], BODIES[0])
    japanese = (TITLES[1], BODIES[1])
    return (*english, *japanese, IMPACT, _status(_FIRST_STATUSES), OCCURRED, *affected)


def update_fields(components: Sequence[Component], call: Call) -> tuple[Field, ...]:
    affected = affected_fields(components, call.visit.spoken)
    return (_status(_ALL_STATUSES), *BODIES, OCCURRED, *affected)


def edit_fields() -> tuple[Field, ...]:
    """The fields of a published update."""
    told = Field("occurred_at", "time", label="field.told_at", hint="hint.utc")
    return (_status(_ALL_STATUSES), *BODIES, told)


def incident_members(form: Form) -> dict[str, object]:
    """The incident in the backend's format."""
    members: dict[str, object] = {
        "title": form.text("title"),
        "title_ja": form.optional("title_ja"),
        "impact": form.text("impact"),
        "status": form.text("status"),
        "components": affected_members(form),
        "body": form.text("body"),
        "body_ja": form.optional("body_ja"),
    }
    if occurred := when(form, "occurred_at"):
        members["occurred_at"] = occurred
    return members


def path_of(call: Call) -> str:
    """The incident's path in the backend's API."""
    return f"/incidents/{parse_id(call.part('id'))}"


def _status(choices: tuple[Choice, ...]) -> Field:
    return Field("status", "choice", label="field.incident_status", choices=choices)
