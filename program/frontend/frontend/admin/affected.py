"""The part of a form that names the components affected by an incident, and their status."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from frontend.admin.form import Choice, Field, Form, choices_of
from frontend.api.model import (
    AffectedComponent,
    AffectedComponentInput,
    Component,
    ComponentStatus,
)
from frontend.language import Language

_PREFIX = "affected-"
_CHOICES = (
    Choice("", "affected.not"),
    # Operational, too: a component that works again stays among the affected ones until the end.
    *choices_of(ComponentStatus, "component_status"),
)


def affected_fields(components: Iterable[Component], language: Language) -> tuple[Field, ...]:
    return tuple(
        Field(
            f"{_PREFIX}{component.id}",
            "choice",
            words=_name(component, language),
            required=False,
            choices=_CHOICES,
            group="group.affected",
        )
        for component in components
    )


def affected_values(
    affected: Sequence[AffectedComponent | AffectedComponentInput],
) -> Mapping[str, str]:
    return {f"{_PREFIX}{component.id}": component.status.value for component in affected}


def affected_members(form: Form) -> list[Mapping[str, str]]:
    """The affected components in the backend's format."""
    return [
        {"id": one.name.removeprefix(_PREFIX), "status": form.text(one.name)}
        for one in form.fields
        if one.name.startswith(_PREFIX) and form.text(one.name)
    ]


def _name(component: Component, language: Language) -> str:
    if language is Language.JAPANESE and component.name_ja:
        return component.name_ja
    return component.name
