"""Confirmation pages before something is deleted."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from frontend.admin.call import Call, Outcome, Page, Redirect
from frontend.admin.form import Form
from frontend.admin.submit import refused
from frontend.api.error import BackendRefusedError


@dataclass(frozen=True, slots=True)
class Sure:
    """`page` names its messages; the button sends to `action`, or else to `back`/delete."""

    page: str
    back: str
    action: str = ""

    def ask(self, name: str, version: str = "") -> Page:
        """The page about the thing with this name, as it was in this version."""
        return self._show(Form((), {"name": name}, version=version))

    async def confirm(
        self, call: Call, send: Callable[[str], Awaitable[object]], path: str, notice: str
    ) -> Outcome:
        """Send the version that was seen. Afterwards `path` shows the notice; after a refusal by
        the backend, this page shows the refusal."""
        name, version = (call.data.get(one, "")[:200] for one in ("name", "version"))
        try:
            await send(version)
        except BackendRefusedError as error:
            form = refused(Form((), {"name": name}, version=version), error, call.visit.spoken)
            return replace(self._show(form), status=error.status)
        return Redirect(path, notice, name)

    def _show(self, form: Form) -> Page:
        values: dict[str, object] = {
            "form": form,
            "page": self.page,
            "action": self.action or f"{self.back}/delete",
            "back": self.back,
        }
        return Page("admin/delete.html", values)
