"""Confirmation pages before something is deleted."""

from __future__ import annotations

from frontend.admin.call import Call, Page
from frontend.admin.form import Form


def asked(call: Call) -> Form:
    """The form of a confirmation page: the version of the thing that was seen."""
    return Form(
        (),
        {"name": call.data.get("name", "")[:200]},
        version=call.data.get("version", "")[:200],
    )


def sure_page(form: Form, page: str, back: str, action: str = "") -> Page:
    """`page` names its messages; the button sends to `action`, or else to `back`/delete."""
    values: dict[str, object] = {
        "form": form,
        "page": page,
        "action": action or f"{back}/delete",
        "back": back,
    }
    return Page("admin/delete.html", values)
