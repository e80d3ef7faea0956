"""Sending a form on, and showing it again when that does not work: what was typed is never lost."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus

from frontend.admin.call import Call, Outcome, Page, Redirect
from frontend.admin.form import Fault, Form, Theirs, new_key
from frontend.api.error import BackendRefusedError, BackendUnavailableError
from frontend.language import Language, catalogue


@dataclass(frozen=True, slots=True)
class Current:
    """What is saved now: the form's values as they would be, and its version.

    `more` is what else somebody who goes on should know.
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
    """Send a form that has no fault; else, or if the backend refuses it, show it again.

    If somebody else changed what the form is about, both texts are shown, and the form names the
    version that its sender has now seen: to send it again is to go on with it.
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
    """The form again, with what the backend found wrong.

    401 is not the form's fault and is raised again. The backend's words are English; those that an
    administrator is likely to meet have a message of their own.
    """
    if error.status == HTTPStatus.UNAUTHORIZED or error.status == HTTPStatus.NOT_FOUND:
        raise error
    message = f"problem.{error.kind}"
    if catalogue(language).has(message):
        general: Fault | None = Fault(message)
    elif error.status == HTTPStatus.PRECONDITION_FAILED:
        general = Fault("problem.changed")
    else:
        general = None if error.faults else Fault(words=error.detail)
    if error.kind == "idempotency-key-reused":
        return replace(form, general=general, key=new_key())
    faults = {name: Fault(words=words) for name, words in error.faults.items()}
    return form.with_faults(faults, general)


def unavailable(form: Form) -> Form:
    return form.with_faults(
        {}, Fault("fault.unavailable_once" if form.key else "fault.unavailable")
    )


async def confirm(
    call: Call,
    form: Form,
    send: Callable[[], Awaitable[Redirect]],
    page: Callable[[Form], Page],
) -> Outcome:
    """As `submit`, for a page that asks whether one is sure."""
    try:
        return await send()
    except BackendRefusedError as error:
        return replace(page(refused(form, error, call.visit.spoken)), status=error.status)
