"""Edits, deletions and late reports. Drafts, administrators, keys and the audit trail."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.program.frontend.admin_browser import AdminBrowser, forms_of
from tests.program.frontend.conftest import Visit
from tests.program.frontend.fake_backend import FakeBackend


@pytest.fixture
async def admin(site: Visit, backend: FakeBackend) -> AdminBrowser:
    browser = AdminBrowser(site(backend))
    await browser.sign_in()
    return browser


async def test_an_edited_update_is_marked_as_edited(
    admin: AdminBrowser, backend: FakeBackend
) -> None:
    incident = backend.add_incident("Slow", updates=(("investigating", "Teh disk"),))
    (update,) = incident["updates"]
    path = f"/admin/incidents/{incident['id']}/updates/{update['id']}"
    page = await admin.get(f"/admin/incidents/{incident['id']}")
    assert f'href="{path}"' in page.text
    assert f'href="{path}/delete"' not in page.text  # it is the only one
    page = await admin.submit(path, body="The disk")
    assert "Saved: Slow" in page.text
    assert backend.bodies[-1] == {"status": "investigating", "body": "The disk", "body_ja": None}
    public = (await admin.get(f"/incidents/{incident['id']}")).text
    assert "The disk" in public
    assert "edited" in public


async def test_the_minute_of_the_start_is_not_before_the_start(
    admin: AdminBrowser, backend: FakeBackend
) -> None:
    """The page says that the incident began at 08:10. The backend knows the seconds."""
    began = dt.datetime(2026, 11, 24, 8, 10, 30, 500, tzinfo=dt.UTC)
    incident = backend.add_incident("Slow", started_at=began)
    path = f"/admin/incidents/{incident['id']}"
    await admin.submit(path, body="A disk.", occurred_at="2026-11-24T08:10")
    assert backend.bodies[-1]["occurred_at"] == began.isoformat()
    await admin.submit(path, body="A fan.", occurred_at="2026-11-24T08:09")
    assert backend.bodies[-1]["occurred_at"] == "2026-11-24T08:09:00+00:00"  # and is refused
    later = backend.make_update("identified", "A disk.", at=began + dt.timedelta(minutes=9))
    incident["updates"] = [later, *incident["updates"]]
    await admin.submit(f"{path}/updates/{later['id']}", occurred_at="2026-11-24T08:10")
    assert backend.bodies[-1]["occurred_at"] == began.isoformat()


async def test_saving_what_is_saved_changes_nothing(
    admin: AdminBrowser, backend: FakeBackend
) -> None:
    """Else visitors would see an update as edited, and readers of the feed get all once more."""
    component = backend.add_component("API")
    incident = backend.add_incident("Slow")
    begin = backend.now.replace(second=15)
    maintenance = backend.add_maintenance(
        "Disks", begin, begin + dt.timedelta(hours=1), components=[component]
    )
    update = f"/admin/incidents/{incident['id']}/updates/{incident['updates'][0]['id']}"
    for path in (
        update, f"/admin/incidents/{incident['id']}/edit",
        f"/admin/components/{component['id']}", f"/admin/maintenance/{maintenance['id']}",
    ):  # fmt: skip
        assert "Saved: " in (await admin.submit(path)).text, path
    assert [method for method, _ in backend.requests if method == "PATCH"] == []


async def test_an_update_gets_another_time(admin: AdminBrowser, backend: FakeBackend) -> None:
    incident = backend.add_incident("Slow")
    path = f"/admin/incidents/{incident['id']}/updates/{incident['updates'][0]['id']}"
    page = await admin.submit(path, occurred_at="soon")
    assert "Please give a date and a time." in page.text
    await admin.submit(path, occurred_at="2026-11-24T08:40")
    assert backend.bodies[-1]["occurred_at"] == "2026-11-24T08:40:00+00:00"


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("in-the-future", "未来の日時は指定できません。"),
        ("before-start", "障害の開始より前の日時は指定できません。"),
        ("after-first-update", "最初の経過より後の日時は指定できません。"),
        ("invalid", "must not be"),  # a backend of the release before
    ],
)
async def test_a_wrong_time_is_named_at_its_field_in_the_users_language(
    admin: AdminBrowser, backend: FakeBackend, kind: str, said: str
) -> None:
    incident = backend.add_incident("Slow")
    path = f"/admin/incidents/{incident['id']}"
    await admin.get(f"{path}?lang=ja")
    fault = {"pointer": "#/occurred_at", "detail": "must not be"}
    backend.refuse = {
        "status": 422, "detail": "x", "type": f"urn:problem:{kind}", "errors": [fault]
    }  # fmt: skip
    page = await admin.submit(path, body="b", occurred_at="2026-11-24T09:00")
    words = page.text.split('id="occurred_at-fault">')[1].split("</p>")[0]
    assert said in words


async def test_an_update_is_deleted(admin: AdminBrowser, backend: FakeBackend) -> None:
    updates = (("investigating", "We look."), ("identified", "Wrong."))
    incident = backend.add_incident("Slow", updates=updates)
    path = f"/admin/incidents/{incident['id']}/updates/{incident['updates'][0]['id']}"
    page = await admin.submit(f"{path}/delete")
    assert "Deleted: 24 November 2026, 08:50 UTC" in page.text
    assert [one["body"] for one in incident["updates"]] == ["We look."]
    assert (await admin.get(path)).status_code == 404


async def test_a_stale_delete_is_refused(admin: AdminBrowser, backend: FakeBackend) -> None:
    incident = backend.add_incident("Slow")
    path = f"/admin/incidents/{incident['id']}/delete"
    action, data = forms_of((await admin.get(path)).text)[0]
    incident["title"] = "Slower"
    page = await admin.post(action, data)
    assert page.status_code == 412
    assert "Someone else has changed this in the meantime." in page.text
    page = await admin.submit(path)
    assert "Deleted: Slower" in page.text
    assert backend.incidents == {}


async def test_an_incident_of_yesterday(admin: AdminBrowser, backend: FakeBackend) -> None:
    page = await admin.submit(
        "/admin/incidents/new", title="Slow", body="b", occurred_at="2026-11-23T07:15"
    )
    assert "Published: Slow" in page.text
    assert backend.bodies[-1]["occurred_at"] == "2026-11-23T07:15:00+00:00"
    (incident,) = backend.incidents.values()
    path = f"/admin/incidents/{incident['id']}"
    await admin.submit(path, body="Done.", status="resolved", occurred_at="2026-11-23T08:00")
    assert backend.bodies[-1]["occurred_at"] == "2026-11-23T08:00:00+00:00"
    await admin.submit(f"{path}/edit", started_at="2026-11-23T07:00")
    assert backend.bodies[-1]["started_at"] == "2026-11-23T07:00:00+00:00"
    await admin.submit(f"{path}/edit", title="Slower")
    assert "started_at" not in backend.bodies[-1]


async def test_a_maintenance_keeps_its_seconds(admin: AdminBrowser, backend: FakeBackend) -> None:
    """A program has announced it to the second: it may be over within the minute."""
    begin = dt.datetime(2026, 11, 30, 22, 0, 15, tzinfo=dt.UTC)
    maintenance = backend.add_maintenance("Failover", begin, begin + dt.timedelta(seconds=30))
    path = f"/admin/maintenance/{maintenance['id']}"
    page = await admin.submit(path, title="A failover")
    assert "Saved: A failover" in page.text
    sent = backend.bodies[-1]
    assert (sent["starts_at"], sent["ends_at"]) == (
        "2026-11-30T22:00:15+00:00",
        "2026-11-30T22:00:45+00:00",
    )
    await admin.submit(path, ends_at="2026-11-30T22:05")
    assert backend.bodies[-1]["ends_at"] == "2026-11-30T22:05:00+00:00"


async def test_a_draft_is_published(admin: AdminBrowser, backend: FakeBackend) -> None:
    component = backend.add_component("API")
    affected = [{"id": component["id"], "status": "major_outage"}]
    draft = backend.people.add_draft("Errors above 5 %", components=affected)
    page = await admin.get("/admin")
    assert "Errors above 5 %" in page.text
    assert "Errors above 5 %" not in (await admin.get("/")).text
    page = await admin.submit(f"/admin/incidents/new?draft={draft['id']}", title="Requests fail")
    assert "Published: Requests fail" in page.text
    sent = backend.bodies[-1]
    assert sent["draft_id"] == draft["id"]
    assert sent["components"] == affected
    assert "Errors above 5 %" not in (await admin.get("/admin")).text


async def test_the_text_of_a_draft_that_is_gone_can_be_published(
    admin: AdminBrowser, backend: FakeBackend
) -> None:
    draft = backend.people.add_draft("Errors above 5 %")
    backend.refuse = {"status": 409, "detail": "…", "type": "urn:problem:draft-gone"}
    page = await admin.submit(f"/admin/incidents/new?draft={draft['id']}", body="My words")
    assert "This draft has been published or discarded in the meantime." in page.text
    assert f"/admin/drafts/{draft['id']}/delete" not in page.text
    action, data = forms_of(page.text)[0]
    assert (await admin.post(action, data)).status_code == 303
    assert backend.bodies[-1]["body"] == "My words"
    assert "draft_id" not in backend.bodies[-1]


async def test_a_draft_is_discarded(admin: AdminBrowser, backend: FakeBackend) -> None:
    draft = backend.people.add_draft("Errors above 5 %")
    form = await admin.get(f"/admin/incidents/new?draft={draft['id']}")
    assert f"/admin/drafts/{draft['id']}/delete" in form.text
    page = await admin.submit(f"/admin/drafts/{draft['id']}/delete")
    assert "Deleted: Errors above 5 %" in page.text
    assert backend.people.drafts == {}
    assert (await admin.get(f"/admin/incidents/new?draft={draft['id']}")).status_code == 404
    assert (await admin.get("/admin/incidents/new?draft=x")).status_code == 404


async def test_administrators(admin: AdminBrowser, backend: FakeBackend) -> None:
    page = await admin.submit("/admin/administrators", username="jane")
    assert "generated-and-secret" in page.text
    assert page.headers["cache-control"] == "no-store"
    assert "generated-and-secret" not in (await admin.get("/admin/administrators")).text
    page = await admin.submit("/admin/administrators", username="Jane")
    assert "Another administrator has that name." in page.text
    first, jane = backend.people.administrators
    page = await admin.get(f"/admin/administrators/{jane}/disable")
    assert "revoke those that jane may have kept" in page.text  # keys are the programs', and stay
    page = await admin.submit(f"/admin/administrators/{jane}/disable")
    assert "Disabled: jane" in page.text
    assert "Let in again" in page.text
    page = await admin.submit(f"/admin/administrators/{first}/disable")
    assert page.status_code == 409
    assert "This is the last active administrator." in page.text
    page = await admin.submit(f"/admin/administrators/{jane}/reset-password")
    assert "another-generated" in page.text
    assert backend.people.administrators[jane]["disabled_at"] is None


async def test_api_keys(admin: AdminBrowser, backend: FakeBackend) -> None:
    page = await admin.submit("/admin/keys", name="alarm")
    assert "Please choose at least one." in page.text
    page = await admin.submit("/admin/keys", name="alarm", draft_incidents="yes")
    assert "spk_generated-and-secret" in page.text
    (key,) = backend.people.keys.values()
    assert key["scopes"] == ["incidents:draft"]
    listed = (await admin.get("/admin/keys")).text
    assert "spk_" not in listed
    assert "Not used yet." in listed
    page = await admin.submit(f"/admin/keys/{key['id']}/delete")
    assert "Revoked: alarm" in page.text
    assert key["revoked_at"]


async def test_the_audit_trail(admin: AdminBrowser, backend: FakeBackend) -> None:
    backend.people.add_record(
        "update.changed", "Slow", before={"body": "Teh <disk>"}, after={"body": "The disk"}
    )
    backend.people.add_record(
        "component.created", "API", actor={"kind": "api_key", "name": "alarm"},
        after={"name": "API", "position": 0},
    )  # fmt: skip
    backend.people.add_record("something.later", "New")
    page = (await admin.get("/admin/audit")).text
    assert "Update edited: Slow" in page
    assert "Teh &lt;disk&gt;" in page
    assert "by the API key alarm" in page
    assert "something.later: New" in page  # from a newer backend
    page = (await admin.get("/admin/audit?lang=ja")).text
    assert "経過を編集：Slow" in page


async def test_the_audit_trail_has_pages(admin: AdminBrowser, backend: FakeBackend) -> None:
    for number in range(60):
        backend.people.add_record("component.changed", f"Number {number:02d}")
    first = (await admin.get("/admin/audit")).text
    assert "Number 10" in first
    assert "Number 09" not in first
    link = first.split('rel="next" href="')[1].split('"')[0]
    assert "Number 09" in (await admin.get(f"/admin/audit{link}")).text
    assert (await admin.get("/admin/audit?before=x")).status_code == 200


async def test_the_browser_is_known_at_the_next_sign_in(
    admin: AdminBrowser, backend: FakeBackend
) -> None:
    device = admin.client.cookies["device"]
    await admin.submit("/admin", number=-1)
    await admin.sign_in()
    sent = [h.get("x-device") for h in backend.headers if "x-device" in h]
    assert sent == [device]


async def test_a_backend_of_the_previous_release_has_no_drafts(
    admin: AdminBrowser, backend: FakeBackend
) -> None:
    """It may still serve during a deployment."""
    backend.people.has_drafts = False
    page = await admin.get("/admin")
    assert page.status_code == 200
    assert "Drafts" not in page.text


async def test_a_form_that_is_shown_again_links_to_the_other_language(
    admin: AdminBrowser, backend: FakeBackend
) -> None:
    incident = backend.add_incident("Slow")
    path = f"/admin/incidents/{incident['id']}"
    page = await admin.submit(path, body="")
    assert page.status_code == 422
    page = await admin.get(f"{path}/updates?lang=ja")
    assert page.status_code == 200
    assert '<html lang="ja"' in page.text
    assert "経過を投稿" in page.text
