"""The administrators' area in a browser without JavaScript."""

from __future__ import annotations

import datetime as dt
import re
from html import unescape

import pytest

from tests.program.frontend import sample
from tests.program.frontend.admin_browser import AdminBrowser, forms_of
from tests.program.frontend.conftest import Visit
from tests.program.frontend.fake_backend import PASSWORD, FakeBackend


@pytest.fixture
async def admin(site: Visit, backend: FakeBackend) -> AdminBrowser:
    browser = AdminBrowser(site(backend))
    await browser.sign_in()
    return browser


# Signing in and out


@pytest.mark.parametrize(
    "path",
    ["/admin", "/admin/components", "/admin/components/new", "/admin/incidents/new",
     "/admin/maintenance", "/admin/password"],
)  # fmt: skip
async def test_the_area_is_hidden_without_signing_in(
    site: Visit, backend: FakeBackend, path: str
) -> None:
    answer = await site(backend).get(path)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/admin/sign-in")
    assert backend.requests == []


async def test_signing_in_leads_to_the_requested_page(site: Visit, backend: FakeBackend) -> None:
    browser = AdminBrowser(site(backend))
    sign_in = await browser.get("/admin/components/new")
    assert "<h1>Sign in</h1>" in sign_in.text
    action, data = forms_of(sign_in.text)[0]
    answer = await browser.post(action, data | {"username": "admin", "password": PASSWORD})
    assert (answer.status_code, answer.headers["location"]) == (303, "/admin/components/new")


async def test_signing_in_in_another_language_leads_to_the_draft_of_a_link(
    site: Visit, backend: FakeBackend
) -> None:
    """Such a link stands in a message. Without its query it would be a form without a text."""
    draft = backend.people.add_draft("Errors above 5 %")
    path = f"/admin/incidents/new?draft={draft['id']}"
    browser = AdminBrowser(site(backend))
    sign_in = await browser.get(path)
    (link,) = re.findall(r'href="([^"]*lang=ja)"', sign_in.text)
    sign_in = await browser.get(f"/admin/sign-in{unescape(link)}")
    assert '<html lang="ja"' in sign_in.text
    action, data = forms_of(sign_in.text)[0]
    answer = await browser.post(action, data | {"username": "admin", "password": PASSWORD})
    assert answer.headers["location"] == path
    page = await browser.get(path)
    (link,) = re.findall(r'href="([^"]*lang=en)"', page.text)
    page = await browser.get(f"/admin/incidents/new{unescape(link)}")
    assert '<html lang="en"' in page.text
    assert 'value="Errors above 5 %"' in page.text


@pytest.mark.parametrize(
    "elsewhere",
    ["https://evil.example", "//evil.example", "/\\evil.example", "/admin/../", "/admin//evil",
     "javascript:alert(1)", "/history", "/admin/sign-in", "/admin/sign-in?next=/admin",
     "/admin?a=\r\nSet-Cookie:b", "/admin?@evil.example"],
)  # fmt: skip
async def test_signing_in_leads_to_no_other_site(
    site: Visit, backend: FakeBackend, elsewhere: str
) -> None:
    answer = await AdminBrowser(site(backend)).submit(
        "/admin/sign-in", follow=False, username="admin", password=PASSWORD, next=elsewhere
    )
    assert answer.headers["location"] == "/admin"


async def test_a_wrong_password_is_reported_and_not_repeated(
    site: Visit, backend: FakeBackend
) -> None:
    page = await AdminBrowser(site(backend)).sign_in("wrong-and-secret")
    assert page.status_code == 401
    assert "The name or the password is wrong." in page.text
    assert 'value="admin"' in page.text
    assert "wrong-and-secret" not in page.text


async def test_too_many_attempts(site: Visit, backend: FakeBackend) -> None:
    backend.refuse = {"status": 429, "detail": "too many"}
    page = await AdminBrowser(site(backend)).sign_in()
    assert page.status_code == 429
    assert "Too many sign-ins" in page.text


async def test_the_backend_gets_the_browsers_address(site: Visit, backend: FakeBackend) -> None:
    browser = AdminBrowser(site(backend))
    browser.client.headers["X-Forwarded-For"] = "203.0.113.9, 198.51.100.7"
    await browser.sign_in()
    assert backend.headers[-1]["x-forwarded-for"] == "203.0.113.9, 198.51.100.7"


async def test_signing_out_ends_the_backends_session(
    admin: AdminBrowser, backend: FakeBackend
) -> None:
    (token,) = backend.tokens
    page = await admin.submit("/admin", number=-1)
    assert "You are signed out." in page.text
    assert token not in backend.tokens
    assert (await admin.client.get("/admin")).status_code == 303


async def test_signing_out_after_the_session_has_ended(
    admin: AdminBrowser, backend: FakeBackend
) -> None:
    action, data = forms_of((await admin.get("/admin")).text)[-1]
    backend.tokens.clear()
    answer = await admin.post(action, data)
    page = (await admin.get(answer.headers["location"])).text
    assert "You are signed out." in page
    assert "did not answer" not in page


async def test_a_session_that_the_backend_ended(admin: AdminBrowser, backend: FakeBackend) -> None:
    backend.tokens.clear()
    assert "Your session has ended." in (await admin.get("/admin")).text
    await admin.sign_in()
    page = await admin.get("/admin/components/new")
    action, data = forms_of(page.text)[0]
    backend.tokens.clear()
    page = await admin.post(action, data | {"name": "API"})
    assert page.status_code == 401
    assert "Your session has ended. Your text is kept" in page.text


async def test_changing_the_password(admin: AdminBrowser, backend: FakeBackend) -> None:
    new = "a new and longer password"
    page = await admin.submit(
        "/admin/password", current_password="x", new_password="short", repeated_password="short"
    )
    assert "At least 12 characters, please." in page.text
    page = await admin.submit(
        "/admin/password", current_password="x", new_password=new, repeated_password=new + "!"
    )
    assert "The two new passwords differ." in page.text
    page = await admin.submit(
        "/admin/password", current_password="wrong", new_password=new, repeated_password=new
    )
    assert "The current password is wrong." in page.text
    assert new not in page.text
    page = await admin.submit(
        "/admin/password", current_password=PASSWORD, new_password=new, repeated_password=new
    )
    assert "The password has been changed." in page.text
    assert backend.password == new


async def test_too_many_attempts_to_change_the_password(
    admin: AdminBrowser, backend: FakeBackend
) -> None:
    await admin.get("/admin?lang=ja")
    backend.refuse = {"status": 429, "detail": "in 800 seconds", "type": "urn:problem:throttled"}
    new = "a new and longer password"
    page = await admin.submit(
        "/admin/password", current_password="x", new_password=new, repeated_password=new
    )
    assert "試行回数が多すぎます。" in page.text


async def test_the_language_stays_selected(admin: AdminBrowser) -> None:
    assert '<html lang="ja"' in (await admin.get("/admin?lang=ja")).text
    assert '<html lang="ja"' in (await admin.get("/admin/components")).text
    assert '<html lang="ja"' in (await admin.get("/admin?lang=xx")).text
    assert '<html lang="en"' in (await admin.get("/admin?lang=en")).text


# Components


async def test_a_component_is_created_changed_and_deleted(
    admin: AdminBrowser, backend: FakeBackend
) -> None:
    page = await admin.submit(
        "/admin/components/new", name="Search", name_ja="検索", status="degraded_performance"
    )
    assert "Added: Search" in page.text
    (component,) = backend.components.values()
    assert (component["name_ja"], component["status"]) == ("検索", "degraded_performance")
    assert "Search" in (await admin.get("/")).text
    path = f"/admin/components/{component['id']}"
    page = await admin.submit(path, name="Full-text search", status="operational")
    assert "Saved: Full-text search" in page.text
    assert "Saved" not in (await admin.get("/admin/components")).text
    page = await admin.submit(f"{path}/delete")
    assert "Deleted: Full-text search" in page.text
    assert backend.components == {}
    assert "No components yet." in (await admin.get("/")).text


async def test_a_status_set_by_an_incident_does_not_become_the_components_own(
    admin: AdminBrowser, backend: FakeBackend
) -> None:
    component = backend.add_component("API", "major_outage")
    page = await admin.submit(f"/admin/components/{component['id']}", description="Version 2")
    assert "Saved: API" in page.text
    assert backend.bodies[-1] == {"description": "Version 2"}


@pytest.mark.parametrize("chosen", ["", "partial_outage"])
async def test_a_status_of_a_maintenance_that_has_ended_does_not_become_the_components_own(
    admin: AdminBrowser, backend: FakeBackend, chosen: str
) -> None:
    """It ends while the form is open: that is a conflict, and the form is sent again."""
    component = backend.add_component("API", "under_maintenance")
    action, data = forms_of((await admin.get(f"/admin/components/{component['id']}")).text)[0]
    component["status"] = "operational"
    mine = {"description": "Version 2"} | ({"status": chosen} if chosen else {})
    page = await admin.post(action, data | mine)
    assert page.status_code == 409
    action, again = forms_of(page.text)[0]
    assert (await admin.post(action, again)).status_code == 303
    assert backend.bodies[-1] == mine


async def test_errors_stand_beside_their_fields(admin: AdminBrowser, backend: FakeBackend) -> None:
    page = await admin.submit("/admin/components/new", name=" ", description="x" * 501)
    assert page.status_code == 422
    assert "<title>Error: Add a component" in page.text
    assert 'aria-invalid="true" aria-describedby="name-fault"' in page.text
    assert '<p class="fault-words" id="name-fault">Please fill this in.</p>' in page.text
    assert '<a href="#description">' in page.text
    assert "At most 500 characters, please." in page.text
    assert "x" * 501 in page.text
    assert backend.components == {}


async def test_errors_of_the_backend_are_shown_at_their_fields(
    admin: AdminBrowser, backend: FakeBackend
) -> None:
    fault = {"pointer": "#/name_ja", "detail": "is odd"}
    backend.refuse = {"status": 422, "detail": "is odd", "errors": [fault]}
    page = await admin.submit("/admin/components/new", name="API", name_ja="x")
    assert (
        '<p class="fault-words" id="name_ja-fault"><span lang="en">is odd</span></p>' in page.text
    )
    backend.refuse = {"status": 409, "detail": "…", "type": "urn:problem:name-taken"}
    page = await admin.submit("/admin/components/new", name="API")
    assert "Another component has that name." in page.text


async def test_two_administrators_edit_simultaneously(
    admin: AdminBrowser, backend: FakeBackend
) -> None:
    component = backend.add_component("API")
    path = f"/admin/components/{component['id']}"
    action, data = forms_of((await admin.get(path)).text)[0]
    component["name"] = "API 2"
    answer = await admin.post(action, data | {"name": "API 3"})
    assert answer.status_code == 409
    assert "Someone else has changed this in the meantime." in answer.text
    assert component["name"] == "API 2"


async def test_moving_components(admin: AdminBrowser, backend: FakeBackend) -> None:
    for name in "ABC":
        backend.add_component(name)
    await _move(admin, backend, "C", "up")
    assert _order(backend) == "ACB"
    await _move(admin, backend, "A", "down")
    assert _order(backend) == "CAB"
    await _move(admin, backend, "C", "up")
    assert _order(backend) == "CAB"


async def _move(admin: AdminBrowser, backend: FakeBackend, name: str, direction: str) -> None:
    page = (await admin.get("/admin/components")).text
    (identifier,) = (i for i, one in backend.components.items() if one["name"] == name)
    forms = dict(forms_of(page))
    action = f"/admin/components/{identifier}/move"
    answer = await admin.post(action, forms[action] | {"direction": direction})
    assert answer.headers["location"] == f"/admin/components#c-{identifier}"


def _order(backend: FakeBackend) -> str:
    return "".join(
        one["name"] for one in sorted(backend.components.values(), key=lambda c: c["position"])
    )


# Incidents


async def test_an_incident_from_its_report_to_its_end(
    admin: AdminBrowser, backend: FakeBackend
) -> None:
    api = backend.add_component("API")["id"]
    search = backend.add_component("Search")["id"]
    page = await admin.submit(
        "/admin/incidents/new",
        title="Requests fail",
        title_ja="リクエスト失敗",
        body="We are looking into it.\r\n\r\nMore to come.",
        impact="critical",
        **{f"affected-{api}": "major_outage"},
    )
    assert "Published: Requests fail" in page.text
    (incident,) = backend.incidents.values()
    assert incident["updates"][0]["body"] == "We are looking into it.\n\nMore to come."
    assert "We have a major outage" in (await admin.get("/")).text
    path = f"/admin/incidents/{incident['id']}"
    page = await admin.submit(
        path,
        status="identified",
        body="A disk is full.",
        **{f"affected-{search}": "degraded_performance"},
    )
    assert "The update has been published" in page.text
    assert {one["id"]: one["status"] for one in incident["components"]} == {
        api: "major_outage",
        search: "degraded_performance",
    }
    page = await admin.submit(f"{path}/edit", title="All requests fail", impact="major")
    assert "Saved: All requests fail" in page.text
    assert incident["impact"] == "major"
    page = await admin.submit(path, status="resolved", body="Done.")
    assert "Resolved: All requests fail" in page.text
    assert "If the problem comes back, report a new incident." in page.text
    front = (await admin.get("/")).text
    assert "All systems are working" in front
    assert "All requests fail" in front


async def test_texts_that_other_programs_have_copied(
    admin: AdminBrowser, backend: FakeBackend
) -> None:
    """A spreadsheet's cells have tabs between them, and Word's lines end with a vertical one. The
    backend refuses all that is not text, and names a regular expression for it."""
    await admin.submit(
        "/admin/incidents/new",
        title="Slow\tsearch\x00",
        body="We look.\x0bMore\tto come.\x1b\r\nSoon.",
    )
    sent = backend.bodies[-1]
    assert (sent["title"], sent["body"]) == ("Slow search", "We look.\nMore\tto come.\nSoon.")


async def test_an_incident_that_another_administrator_resolved(
    admin: AdminBrowser, backend: FakeBackend
) -> None:
    incident = backend.add_incident("Slow")
    path = f"/admin/incidents/{incident['id']}"
    action, data = forms_of((await admin.get(path)).text)[0]
    backend.refuse = {"status": 409, "detail": "…", "type": "urn:problem:incident-resolved"}
    answer = await admin.post(action, data | {"body": "Still slow"})
    assert "This incident has been resolved in the meantime." in answer.text
    assert "Still slow" in answer.text


async def test_many_incidents_are_listed_page_by_page(
    admin: AdminBrowser, backend: FakeBackend
) -> None:
    for index in range(30):
        start = backend.now - dt.timedelta(hours=index)
        backend.add_incident(f"Number {index:02d}", started_at=start)
    first = (await admin.get("/admin/incidents")).text
    assert "Number 24" in first
    assert "Number 25" not in first
    link = first.split('rel="next" href="')[1].split('"')[0]
    assert "Number 25" in (await admin.get(f"/admin/incidents{link}")).text


# Maintenance


async def test_a_maintenance_from_its_announcement_to_its_end(
    admin: AdminBrowser, backend: FakeBackend
) -> None:
    api = backend.add_component("API")["id"]
    page = await admin.submit(
        "/admin/maintenance/new",
        title="New disks",
        body="Short breaks.",
        starts_at="2026-11-30T22:00",
        ends_at="2026-11-30T23:30",
        **{f"touched-{api}": "yes"},
    )
    assert "Announced: New disks" in page.text
    (maintenance,) = backend.maintenances.values()
    assert maintenance["starts_at"] == "2026-11-30T22:00:00Z"
    assert [one["id"] for one in maintenance["components"]] == [api]
    path = f"/admin/maintenance/{maintenance['id']}"
    page = await admin.submit(path, ends_at="2026-11-30T21:00")
    assert "The end must be after the start." in page.text
    page = await admin.submit(path, ends_at="2027-11-30T21:00")
    assert "The end must be at most 31 days after the start." in page.text
    page = await admin.submit(path, ends_at="soon")
    assert "Please give a date and a time." in page.text
    page = await admin.submit(path, ends_at="2026-12-01T00:00")
    assert "Saved: New disks" in page.text
    page = await admin.submit(f"{path}/delete")
    assert "Deleted: New disks" in page.text


# Errors


async def test_typed_text_survives_an_outage_of_the_backend(
    admin: AdminBrowser, backend: FakeBackend
) -> None:
    action, data = forms_of((await admin.get("/admin/components/new")).text)[0]
    backend.lose_answers = True
    answer = await admin.post(action, data | {"name": "Precious"})
    assert answer.status_code == 503
    assert "it is not certain that this was saved. You can send it again" in answer.text
    assert 'value="Precious"' in answer.text


@pytest.mark.parametrize("kind", ["components", "incidents", "maintenance"])
@pytest.mark.parametrize("identifier", ["x", "00000000-0000-0000-0000-000000000000", "new/x"])
async def test_missing_pages(admin: AdminBrowser, kind: str, identifier: str) -> None:
    page = await admin.get(f"/admin/{kind}/{identifier}")
    assert page.status_code == 404
    assert 'href="/admin"' in page.text


async def test_pages_of_the_area_are_never_cached(site: Visit) -> None:
    backend = sample.outage()
    browser = AdminBrowser(site(backend))
    await browser.sign_in()
    for path in ("/admin", "/admin/components", "/admin/incidents/new", "/admin/nowhere"):
        assert (await browser.get(path)).headers["cache-control"] == "no-store"
