"""Typed text survives an ended session, another administrator, a lost answer, and two clicks."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from tests.program.frontend.admin_browser import SAME_SITE, AdminBrowser, forms_of
from tests.program.frontend.conftest import Visit
from tests.program.frontend.fake_backend import PASSWORD, FakeBackend, Json

TEXT = 'A "disk" is full.\n\nWe <b>replace</b> it & watch.'


@pytest.fixture
async def admin(site: Visit, backend: FakeBackend) -> AdminBrowser:
    browser = AdminBrowser(site(backend))
    await browser.sign_in()
    return browser


async def typed(admin: AdminBrowser, incident: Json) -> tuple[str, dict[str, str]]:
    """An update to the incident that is not yet sent."""
    action, data = forms_of((await admin.get(f"/admin/incidents/{incident['id']}")).text)[0]
    return action, data | {"body": TEXT, "status": "identified"}


async def sign_in_again(admin: AdminBrowser, page: httpx.Response) -> httpx.Response:
    """Through the form on the page."""
    assert page.status_code == 401
    ((action, data),) = forms_of(page.text)
    return await admin.post(action, data | {"username": "admin", "password": PASSWORD})


# The session


async def test_a_saved_cookie_is_invalid_after_signing_out(
    admin: AdminBrowser, backend: FakeBackend
) -> None:
    backend.add_component("Secret plans")
    saved = admin.client.cookies["visit"]
    assert "Secret plans" in (await admin.get("/admin/components")).text
    await admin.submit("/admin", number=-1)
    thief = {"Cookie": f"visit={saved}"}
    admin.client.cookies.clear()
    for path in ("", "/components", "/incidents", "/incidents/new", "/maintenance", "/password",
                 "/administrators", "/keys", "/audit"):  # fmt: skip
        answer = await admin.client.get(f"/admin{path}", headers=thief)
        assert answer.status_code == 303, path
        assert answer.headers["location"].startswith("/admin/sign-in"), path
        admin.client.cookies.clear()
    wrong = await admin.client.post("/admin/components", data={}, headers=thief | SAME_SITE)
    assert "Secret plans" not in wrong.text


@pytest.mark.parametrize("how", ["the backend ended it", "signed in anew", "the cookie is gone"])
async def test_a_user_signs_in_again_and_continues_with_the_text(
    admin: AdminBrowser, backend: FakeBackend, how: str
) -> None:
    incident = backend.add_incident("Slow")
    action, data = await typed(admin, incident)
    backend.tokens.clear()
    if how == "the cookie is gone":
        admin.client.cookies.clear()
    page = await admin.post(action, data)
    if how == "signed in anew":  # in another tab, while this one still shows the sign-in page
        await admin.sign_in()
        ((sign_in, kept),) = forms_of(page.text)
        page = await admin.post(sign_in, kept | {"username": "", "password": ""})
    else:
        page = await sign_in_again(admin, page)
    assert page.status_code == 200
    assert "Here is your text. Nothing has been published yet" in page.text
    assert len(incident["updates"]) == 1
    action, again = forms_of(page.text)[0]
    assert (again["body"], again["status"]) == (TEXT, "identified")
    answer = await admin.post(action, again)
    assert answer.status_code == 303
    assert incident["updates"][0]["body"] == TEXT


async def test_a_wrong_password_in_between_loses_nothing(
    admin: AdminBrowser, backend: FakeBackend
) -> None:
    action, data = await typed(admin, backend.add_incident("Slow"))
    backend.tokens.clear()
    ((sign_in, kept),) = forms_of((await admin.post(action, data)).text)
    wrong = await admin.post(sign_in, kept | {"username": "admin", "password": "wrong"})
    page = await sign_in_again(admin, wrong)
    assert forms_of(page.text)[0][1]["body"] == TEXT


async def test_a_form_of_an_ended_session_is_shown_and_not_executed(
    admin: AdminBrowser, backend: FakeBackend
) -> None:
    """The user signed in again in another tab, so this tab's form has another session's token."""
    incident = backend.add_incident("Slow")
    action, data = await typed(admin, incident)
    await admin.submit("/admin", number=-1)
    await admin.sign_in()
    page = await admin.post(action, data)
    assert page.status_code == 403
    assert forms_of(page.text)[0][1]["body"] == TEXT
    assert len(incident["updates"]) == 1
    # Unless the browser says that the form comes from here, it is not even shown.
    for headers in ({}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
        answer = await admin.client.post(action, data=data, headers=headers)
        assert answer.status_code == 403
        assert "replace" not in answer.text


async def test_no_password_is_stored_in_a_page(admin: AdminBrowser, backend: FakeBackend) -> None:
    action, data = forms_of((await admin.get("/admin/password")).text)[0]
    backend.tokens.clear()
    secret = "a new and secret password"
    typed = {"current_password": "old-secret", "new_password": secret, "repeated_password": secret}
    page = await admin.post(action, data | typed)
    assert page.status_code == 401
    assert secret not in page.text
    assert "old-secret" not in page.text


@pytest.mark.parametrize(
    "kept",
    ["", "{", "[]", '{"path": "/admin/sign-out", "data": {}}', '{"path": "/nowhere", "data": {}}',
     '{"path": "//evil.example", "data": {}}', '{"path": 1, "data": []}', "[" * 5000,
     '{"path": "/admin/components/00000000-0000-0000-0000-000000000000/move", "data": {}}'],
)  # fmt: skip
async def test_an_invalid_stored_form_leads_to_the_overview(
    admin: AdminBrowser, backend: FakeBackend, kept: str
) -> None:
    await admin.submit("/admin", number=-1)
    answer = await admin.submit(
        "/admin/sign-in", follow=False, username="admin", password=PASSWORD, kept=kept
    )
    assert (answer.status_code, answer.headers["location"]) == (303, "/admin")
    assert len(backend.tokens) == 1


# The backend


async def test_a_503_before_anything_was_sent(admin: AdminBrowser, backend: FakeBackend) -> None:
    incident = backend.add_incident("Slow")
    action, data = await typed(admin, incident)
    backend.trouble = 503
    page = await admin.post(action, data)
    assert page.status_code == 503
    assert "Nothing has been saved yet" in page.text
    backend.trouble = None
    action, kept = forms_of(page.text)[0]
    page = await admin.post(action, kept | {"resume": "yes"})
    assert page.status_code == 200
    assert len(incident["updates"]) == 1
    action, again = forms_of(page.text)[0]
    assert again["body"] == TEXT
    assert (await admin.post(action, again)).status_code == 303
    assert incident["updates"][0]["body"] == TEXT


async def test_a_lost_answer_is_requested_again(admin: AdminBrowser, backend: FakeBackend) -> None:
    incident = backend.add_incident("Slow")
    action, data = await typed(admin, incident)
    backend.lose_answers = True
    page = await admin.post(action, data)
    assert page.status_code == 503
    assert "it is saved only once" in page.text
    backend.lose_answers = False
    action, again = forms_of(page.text)[0]
    assert (await admin.post(action, again)).status_code == 303
    assert [one["body"] for one in incident["updates"]] == [TEXT, "We are looking into it."]


async def test_a_lost_answer_of_an_update_that_names_a_component_is_requested_again(
    admin: AdminBrowser, backend: FakeBackend
) -> None:
    """The first request has put the component into the incident, so nothing changes any more."""
    incident, api = backend.add_incident("Slow"), backend.add_component("API")["id"]
    action, data = await typed(admin, incident)
    backend.lose_answers = True
    page = await admin.post(action, data | {f"affected-{api}": "partial_outage"})
    backend.lose_answers = False
    action, again = forms_of(page.text)[0]
    answer = await admin.post(action, again)
    assert answer.status_code == 303, answer.text
    assert [one["body"] for one in incident["updates"]] == [TEXT, "We are looking into it."]
    assert [one["status"] for one in incident["components"]] == ["partial_outage"]


async def test_a_component_that_works_again_stays_in_its_incident(
    admin: AdminBrowser, backend: FakeBackend
) -> None:
    """A program may report that, and a form that does not mention it takes nothing out."""
    ids = [backend.add_component(name)["id"] for name in ("API", "Search")]
    affected = {ids[0]: "operational", ids[1]: "major_outage"}
    incident = backend.add_incident("Slow", affected=affected)
    action, data = await typed(admin, incident)
    assert (await admin.post(action, data)).status_code == 303
    assert {one["id"]: one["status"] for one in incident["components"]} == affected


async def test_a_lost_answer_followed_by_another_text(
    admin: AdminBrowser, backend: FakeBackend
) -> None:
    incident = backend.add_incident("Slow")
    action, data = await typed(admin, incident)
    backend.lose_answers = True
    action, again = forms_of((await admin.post(action, data)).text)[0]
    backend.lose_answers = False
    page = await admin.post(action, again | {"body": "Another text"})
    assert "This form was already sent with a different text" in page.text
    action, again = forms_of(page.text)[0]
    page = await admin.post(action, again)
    # The text that was saved first is a change since the form was opened.
    assert page.status_code == 409
    action, again = forms_of(page.text)[0]
    assert (await admin.post(action, again)).status_code == 303
    assert incident["updates"][0]["body"] == "Another text"


@pytest.mark.parametrize("path", ["/admin/incidents/new", "/admin/components/new"])
async def test_a_form_that_is_sent_twice_publishes_once(
    admin: AdminBrowser, backend: FakeBackend, path: str
) -> None:
    action, data = forms_of((await admin.get(path)).text)[0]
    data |= {"title": "Slow", "body": "We look.", "name": "API"}
    answers = await asyncio.gather(*(admin.post(action, data) for _ in range(2)))
    assert [answer.status_code for answer in answers] == [303, 303]
    assert len(backend.incidents) + len(backend.components) == 1
    fresh = forms_of((await admin.get(path)).text)[0][1]
    assert fresh["key"] != data["key"]


# Other administrators


async def test_another_administrators_status_is_not_overwritten_silently(
    admin: AdminBrowser, backend: FakeBackend
) -> None:
    incident = backend.add_incident("Slow")
    action, data = await typed(admin, incident)
    theirs = backend.make_update("monitoring", "The disk is replaced.", at=backend.now)
    incident["updates"] = [theirs, *incident["updates"]]
    incident["status"] = "monitoring"
    page = await admin.post(action, data)
    assert page.status_code == 409
    assert incident["status"] == "monitoring"
    assert "Saved by someone else in the meantime" in page.text
    shown = page.text.split('class="theirs"')[1].split("</section>")[0]
    assert "Monitoring" in shown
    assert "The disk is replaced." in shown
    action, again = forms_of(page.text)[0]
    assert (again["body"], again["status"]) == (TEXT, "identified")
    assert (await admin.post(action, again)).status_code == 303
    assert incident["updates"][0]["body"] == TEXT


async def test_a_text_for_a_resolved_incident_is_still_shown(
    admin: AdminBrowser, backend: FakeBackend
) -> None:
    incident = backend.add_incident("Slow")
    action, data = await typed(admin, incident)
    done = backend.make_update("resolved", "Done.", at=backend.now)
    incident["updates"] = [done, *incident["updates"]]
    incident.update(status="resolved", resolved_at=done["created_at"])
    page = await admin.post(action, data)
    assert page.status_code == 409
    assert "Your text, which was not published" in page.text
    assert "replace&lt;/b&gt; it &amp; watch." in page.text


@pytest.mark.parametrize("what", ["the incident", "the update"])
async def test_a_text_for_what_somebody_else_has_deleted_is_shown(
    admin: AdminBrowser, backend: FakeBackend, what: str
) -> None:
    updates = (("investigating", "We look."), ("identified", "A disk."))
    incident = backend.add_incident("Slow", updates=updates)
    path = f"/admin/incidents/{incident['id']}"
    if what == "the update":
        path += f"/updates/{incident['updates'][0]['id']}"
    action, data = forms_of((await admin.get(path)).text)[0]
    if what == "the update":
        del incident["updates"][0]
    else:
        backend.incidents.clear()
    page = await admin.post(action, data | {"body": TEXT})
    assert page.status_code == 404
    assert "This does not exist any more" in page.text
    assert "replace&lt;/b&gt; it &amp; watch.</textarea>" in page.text
    missing = await admin.get(path)
    assert (missing.status_code, "any more" in missing.text) == (404, False)


async def test_both_texts_of_a_component_are_shown(
    admin: AdminBrowser, backend: FakeBackend
) -> None:
    component = backend.add_component("API")
    path = f"/admin/components/{component['id']}"
    action, data = forms_of((await admin.get(path)).text)[0]
    component["description"] = "Their words"
    page = await admin.post(action, data | {"description": "My words"})
    assert page.status_code == 409
    assert "Their words" in page.text.split('class="theirs"')[1].split("</section>")[0]
    action, again = forms_of(page.text)[0]
    assert again["description"] == "My words"
    assert (await admin.post(action, again)).status_code == 303
    assert component["description"] == "My words"


async def test_the_same_change_twice_is_no_conflict(
    admin: AdminBrowser, backend: FakeBackend
) -> None:
    component = backend.add_component("API")
    path = f"/admin/components/{component['id']}"
    action, data = forms_of((await admin.get(path)).text)[0]
    component["description"] = "My words"
    component["position"] = 7
    page = await admin.post(action, data | {"description": "My words", "name": "API 2"})
    assert page.status_code == 409
    assert "This has already been saved" not in page.text
    again = await admin.post(action, data | {"description": "My words"})
    assert again.status_code in (303, 409)
    assert component["name"] == "API"
