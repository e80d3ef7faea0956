"""All content from the backend is text: none of it becomes markup, on any page."""

from __future__ import annotations

import datetime as dt
from html.parser import HTMLParser

import pytest

from tests.program.frontend.admin_browser import AdminBrowser
from tests.program.frontend.conftest import Visit
from tests.program.frontend.fake_backend import FakeBackend

ATTACKS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'><svg/onload=alert(1)>",
    "</title></textarea></option><script>alert(1)</script>",
    "{{ 241*251 }}{% raw %}",
    "{count} {0.__class__}",
    "javascript:alert(1)",
    "\u202e\u0000evil",
)


class Elements(HTMLParser):
    """Collects everything that a browser would act on."""

    def __init__(self) -> None:
        super().__init__()
        self.bad: list[str] = []
        self.scripts: list[str | None] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = dict(attrs)
        if tag == "script":
            self.scripts.append(names.get("src"))
        if tag in ("img", "iframe", "object", "base", "b"):
            self.bad.append(tag)
        self.bad += [name for name in names if name.startswith("on") or name == "style"]
        for name in ("href", "src", "action"):
            if not (names.get(name) or "/").startswith(("/", "#", "?")):
                self.bad.append(f"{name}={names[name]}")


def _assert_harmless(page: str) -> None:
    elements = Elements()
    elements.feed(page)
    assert elements.bad == []
    assert [src for src in elements.scripts if not (src or "").startswith("/static/")] == []
    assert str(241 * 251) not in page


def _hostile(text: str) -> FakeBackend:
    backend = FakeBackend()
    component = backend.add_component(
        text, "major_outage", name_ja=text, description=text, description_ja=text
    )
    resolved = (("investigating", text), ("resolved", text))
    for updates in (resolved, (("investigating", text),)):
        backend.add_incident(
            text,
            title_ja=text,
            affected={component["id"]: "major_outage"},
            updates=updates,
        )
    for start in (-2, 24):
        backend.add_maintenance(
            text,
            backend.now + dt.timedelta(hours=start),
            backend.now + dt.timedelta(hours=start + 3),
            title_ja=text,
            body=text,
            body_ja=text,
            components=[component],
        )
    return backend


@pytest.mark.parametrize("text", ATTACKS)
async def test_public_pages(site: Visit, text: str) -> None:
    backend = _hostile(text)
    browser = site(backend)
    paths = ["/", "/history", "/maintenance", *(f"/incidents/{one}" for one in backend.incidents)]
    for path in paths:
        for prefix in ("", "/ja"):
            page = await browser.get(prefix + path)
            assert page.status_code == 200
            _assert_harmless(page.text)


@pytest.mark.parametrize("text", ATTACKS)
async def test_the_administrators_pages(site: Visit, text: str) -> None:
    backend = _hostile(text)
    browser = AdminBrowser(site(backend))
    await browser.sign_in()
    paths = ["/admin", "/admin/incidents", "/admin/components", "/admin/maintenance",
             "/admin/incidents/new", "/admin/maintenance/new"]  # fmt: skip
    paths += [f"/admin/incidents/{one}" for one in backend.incidents]
    paths += [f"/admin/incidents/{one}/edit" for one in backend.incidents]
    for kind, things in (("components", backend.components), ("maintenance", backend.maintenances)):
        for one in things:
            paths += [f"/admin/{kind}/{one}", f"/admin/{kind}/{one}/delete"]
    for path in paths:
        page = await browser.get(path)
        assert page.status_code == 200, path
        _assert_harmless(page.text)


@pytest.mark.parametrize("text", ATTACKS)
async def test_error_messages_of_the_backend(site: Visit, backend: FakeBackend, text: str) -> None:
    browser = AdminBrowser(site(backend))
    await browser.sign_in()
    fault = {"pointer": "#/name", "detail": text}
    backend.refuse = {"status": 422, "detail": text, "errors": [fault]}
    page = await browser.submit("/admin/components/new", name=text)
    assert page.status_code == 422
    _assert_harmless(page.text)
    backend.refuse = {"status": 409, "detail": text, "type": f"urn:problem:{text}"}
    page = await browser.submit("/admin/components/new", name=text)
    assert page.status_code == 422
    _assert_harmless(page.text)
