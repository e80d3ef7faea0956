"""Sends a form to the backend. When that fails, it is shown again: no typed text is lost."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus

from frontend.admin.call import Call, Outcome, Page
from frontend.admin.form import Fault, Form, Theirs, new_key
from frontend.api.error import BackendRefusedError, BackendUnavailableError
from frontend.language import Language, catalogue


@dataclass(frozen=True, slots=True)
class Current:
    """The state saved now, as values of the form, and its version.

    `more` is further information for an administrator who decides to go on.
    """

    values: Mapping[str, str]
    version: str
    more: tuple[Theirs, ...] = ()


async def submit(
    call: Call,
    form: Form,
    send: Callable[[], Awaitable[Outcome]],
    page: Callable[[Form], Page],
    current: Callable[[], Awaitable[Current]] | None = None,
) -> Outcome:
    """Send a form without faults. With faults, or if the backend refuses it, show it again.

    After a change by another person, both texts are shown, and the form names the version that its
    sender has now seen. Sending it again overwrites that version.
    """
    if call.only_show:
        return page(replace(form, faults={}, general=None))
    status: int = HTTPStatus.UNPROCESSABLE_ENTITY
    if not form.is_faulty:
        try:
            return await send()
        except BackendRefusedError as error:
            if error.status == HTTPStatus.PRECONDITION_FAILED and current is not None:
                form, status = conflicting(form, await current()), HTTPStatus.CONFLICT
            else:
                form = refused(form, error, call.visit.spoken)
        except BackendUnavailableError:
            form, status = unavailable(form), HTTPStatus.SERVICE_UNAVAILABLE
    return replace(page(form), status=status)


def conflicting(form: Form, current: Current) -> Form:
    theirs = tuple(
        Theirs(field, current.values[field.name])
        for field in form.fields
        if field.name in current.values and current.values[field.name] != form.text(field.name)
    )
    theirs += current.more
    message = "problem.changed_both" if theirs else "problem.changed_alike"
    return replace(form, general=Fault(message), version=current.version, theirs=theirs)


def refused(form: Form, error: BackendRefusedError, language: Language) -> Form:
    """The form again, with the backend's faults.

    401 is not the form's fault and is raised again. The backend's words are English; the common
    ones have a message in each language.
    """
    if error.status == HTTPStatus.UNAUTHORIZED or error.status == HTTPStatus.NOT_FOUND:
        raise error
    message = f"problem.{error.kind}"
    faults = {name: Fault(words=words) for name, words in error.faults.items()}
    general: Fault | None
    if catalogue(language).has(message):
        fields = {field.name for field in form.fields}
        mine = {name: Fault(message) for name in faults if name in fields}
        faults, general = mine, None if mine else Fault(message)
    elif error.status == HTTPStatus.PRECONDITION_FAILED:
        general = Fault("problem.changed")
    else:
        general = None if error.faults else Fault(words=error.detail)
    if error.kind == "idempotency-key-reused":
        return replace(form, general=general, key=new_key())
    return form.with_faults(faults, general)


def unavailable(form: Form) -> Form:
    return form.with_faults(
        {}, Fault("fault.unavailable_once" if form.key else "fault.unavailable")
    )
