"""The frontend with the real backend: its published contract, and its code on PostgreSQL."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import AsyncIterator, Iterator
from importlib import import_module
from pathlib import Path

import httpx
import msgspec
import pytest
from backend import administrators as command
from backend.api import models
from backend.api.app import create_app
from backend.migrate import migrate
from backend.settings import ServeSettings
from fastapi import FastAPI
from frontend.api.kept import Kept
from frontend.application import create_application
from frontend.language import Language, catalogue
from frontend.settings import Settings
from ports import free_port
from pydantic import BaseModel

from scripts import api_model
from tests.program.backend.postgresql import (
    ADMINISTRATOR_PASSWORD,
    PASSWORD,
    USERNAME,
    migrate_settings,
    running_server,
)
from tests.program.frontend import sample
from tests.program.frontend.admin_browser import AdminBrowser, forms_of
from tests.program.frontend.fake_backend import Json
from tests.program.frontend.in_memory import InMemoryTransport
from tests.program.frontend.process import SECRET


@pytest.mark.parametrize(
    ("path", "model"),
    [
        ("/status", models.Status),
        ("/uptime?days=90", models.Uptime),
        ("/components", models.ComponentList),
        ("/incidents", models.IncidentList),
        ("/incidents?state=resolved&limit=1", models.IncidentList),
        ("/maintenances", models.MaintenanceList),
    ],
)
async def test_the_fake_answers_as_the_backend_does(path: str, model: type[BaseModel]) -> None:
    transport = httpx.ASGITransport(app=sample.outage().application())
    async with httpx.AsyncClient(transport=transport, base_url="http://fake/api/v1") as client:
        answer = (await client.get(path)).json()
    assert _members(model.model_validate(answer).model_dump(mode="json")) == _members(answer)


def _members(value: object) -> object:
    """The shape of a JSON document: the names of its members, without values."""
    if isinstance(value, dict):
        return {name: _members(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_members(member) for member in value]
    return None


def test_the_frontends_model_is_that_of_the_contract() -> None:
    assert api_model.FILE.read_text() == api_model.model(api_model.contract()), "make format"


def test_a_member_with_a_default_may_be_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in an answer of the release before the one that adds it."""
    contract = json.loads(json.dumps(api_model.contract()))
    schema = contract["components"]["schemas"]["Health"]
    schema["required"].append("load")
    schema["properties"] |= {
        "load": {"type": "number"},
        "note": {"type": "string", "default": ""},
        "since": {"anyOf": [{"type": "string", "format": "date"}, {"type": "null"}]},
    }
    (tmp_path / "model_of_tomorrow.py").write_text(api_model.model(contract))
    monkeypatch.syspath_prepend(tmp_path)
    health = import_module("model_of_tomorrow").Health
    read = msgspec.json.Decoder(health).decode
    assert read(b'{"status": "ok", "load": 1}') == health(
        status="ok", load=1.0, note="", since=None
    )
    with pytest.raises(msgspec.ValidationError, match="load"):
        read(b'{"status": "ok"}')


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServeSettings]:
    with running_server(free_port(), tmp_path_factory) as server:
        server.execute("CREATE DATABASE contract")
        migrate(migrate_settings(server, "contract"))
        yield ServeSettings(
            database_host="127.0.0.1",
            database_port=server.port,
            database_name="contract",
            database_username=USERNAME,
            database_password=PASSWORD,  # type: ignore[arg-type]
        )


@pytest.fixture
async def backend(database: ServeSettings) -> AsyncIterator[FastAPI]:
    app = create_app(database)
    async with app.router.lifespan_context(app):
        yield app


@pytest.fixture
async def admin(backend: FastAPI, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[AdminBrowser]:
    """Pages wait for the backend, which a busy machine delays: an old one would be shown."""
    monkeypatch.setitem(Kept.__init__.__kwdefaults__, "patience", 60.0)
    settings = Settings(backend_url="http://backend:8000", session_secret=SECRET)
    application = create_application(settings, transport=InMemoryTransport(backend))
    transport = httpx.ASGITransport(app=application, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8080") as client:
        yield AdminBrowser(client)


async def test_every_action_of_an_administrator(admin: AdminBrowser, backend: FastAPI) -> None:
    """One pass through every form. The backend refuses unknown input."""
    assert "Nothing to report yet" in (await admin.get("/")).text
    assert (await admin.sign_in("wrong password")).status_code == 401
    await admin.sign_in(ADMINISTRATOR_PASSWORD)
    for name in ("API", "Search"):
        page = await admin.submit("/admin/components/new", name=name, name_ja="", description="x")
        assert f"Added: {name}" in page.text
    page = await admin.submit("/admin/components/new", name="api")
    assert "Another component has that name." in page.text
    api, search = await _get(backend, "/components", "components")
    page = await admin.submit(
        "/admin/components",
        number=1, direction="up",
    )  # fmt: skip
    assert "The order has been changed." in page.text
    assert [c["name"] for c in await _get(backend, "/components", "components")] == [
        "Search",
        "API",
    ]

    page = await admin.submit(
        "/admin/incidents/new",
        title="Requests fail",
        body="We are looking into it.",
        impact="major",
        **{f"affected-{api['id']}": "major_outage"},
    )
    assert "Published: Requests fail" in page.text
    (incident,) = await _get(backend, "/incidents", "incidents")
    front = await admin.get("/")
    assert "We have a major outage" in front.text
    assert "Requests fail" in front.text
    page = await admin.submit(f"/admin/components/{api['id']}", description="Version 2")
    assert "Saved: API" in page.text
    page = await admin.submit(f"/admin/components/{api['id']}", status="operational")
    assert "An active incident determines this component&#39;s status." in page.text
    path = f"/admin/incidents/{incident['id']}"
    page = await admin.submit(path, body="Found it.", status="identified")
    assert "The update has been published" in page.text
    page = await admin.submit(f"{path}/edit", title="All requests fail", title_ja="全滅")
    assert "Saved: All requests fail" in page.text
    page = await admin.submit(path, body="Fixed.", status="resolved")
    assert "Resolved: All requests fail" in page.text
    assert "All systems are working" in (await admin.get("/")).text
    assert "全滅" in (await admin.get("/ja/history")).text
    assert "全滅" in (await admin.get("/ja/feed.atom")).text
    last_year = dt.datetime.now(dt.UTC).year - 1
    assert "No incidents in this month." in (await admin.get(f"/history/{last_year}-01")).text

    starts = dt.datetime.now(dt.UTC) + dt.timedelta(days=1)
    page = await admin.submit(
        "/admin/maintenance/new",
        title="New disks",
        body="Short breaks.",
        starts_at=starts.strftime("%Y-%m-%dT%H:%M"),
        ends_at=(starts + dt.timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M"),
        **{f"touched-{api['id']}": "yes"},
    )
    assert "Announced: New disks" in page.text
    (maintenance,) = await _get(backend, "/maintenances", "maintenances")
    path = f"/admin/maintenance/{maintenance['id']}"
    assert "Saved: Newer disks" in (await admin.submit(path, title="Newer disks")).text
    assert "Newer disks" in (await admin.get("/maintenance")).text
    assert "Deleted: Newer disks" in (await admin.submit(f"{path}/delete")).text
    page = await admin.submit(f"/admin/components/{search['id']}/delete")
    assert "Deleted: Search" in page.text

    await _corrections(admin, backend, incident["id"])
    await _people(admin, backend)

    new = "a new and longer password"
    page = await admin.submit(
        "/admin/password", current_password="wrong", new_password=new, repeated_password=new
    )
    assert "The current password is wrong." in page.text
    page = await admin.submit(
        "/admin/password",
        current_password=ADMINISTRATOR_PASSWORD,
        new_password=new,
        repeated_password=new,
    )
    assert "The password has been changed." in page.text
    assert "You are signed out." in (await admin.submit("/admin", number=-1)).text


async def _corrections(admin: AdminBrowser, backend: FastAPI, incident: str) -> None:
    path = f"/admin/incidents/{incident}"
    found = await _get(backend, "/incidents", "incidents")
    first = found[0]["updates"][-1]["id"]
    assert "Saved" in (await admin.submit(f"{path}/updates/{first}", body="We look closely.")).text
    assert "We look closely." in (await admin.get(f"/incidents/{incident}")).text
    last = found[0]["updates"][0]["id"]
    assert "Deleted: " in (await admin.submit(f"{path}/updates/{last}/delete")).text
    reopened = (await _get(backend, "/incidents?state=active", "incidents"))[0]
    assert reopened["id"] == incident
    began = dt.datetime.fromisoformat(reopened["started_at"]) - dt.timedelta(hours=2)
    moved = began.strftime("%Y-%m-%dT%H:%M")
    assert "Saved" in (await admin.submit(f"{path}/edit", started_at=moved)).text
    page = await admin.submit(path, body="It was this.", status="monitoring", occurred_at=moved)
    assert "The update has been published" in page.text
    page = await admin.submit(path, body="Soon", occurred_at="2099-01-01T00:00")
    assert "must not be in the future" in page.text
    action, data = forms_of((await admin.get(path)).text)[0]
    assert (await admin.post(action, data | {"body": "Theirs"})).status_code == 303
    again = await admin.post(action, data | {"body": "Mine", "key": ""})
    assert again.status_code == 409
    assert "Theirs" in again.text.split('class="theirs"')[1].split("</section>")[0]
    action, data = forms_of(again.text)[0]
    assert [(await admin.post(action, data)).status_code for _ in range(2)] == [303, 409]
    assert "Deleted: " in (await admin.submit(f"{path}/delete")).text
    assert (await admin.get(f"/incidents/{incident}")).status_code == 404


async def _people(admin: AdminBrowser, backend: FastAPI) -> None:
    page = await admin.submit("/admin/administrators", username="jane")
    assert re.search(r"<code>[\w-]{24}</code>", page.text)
    jane = re.findall(r"/admin/administrators/([0-9a-f-]+)/disable", (
        await admin.get("/admin/administrators")).text)[1]  # fmt: skip
    assert "Disabled: jane" in (await admin.submit(f"/admin/administrators/{jane}/disable")).text
    page = await admin.submit(f"/admin/administrators/{jane}/reset-password")
    assert re.search(r"<code>[\w-]{24}</code>", page.text)
    page = await admin.submit("/admin/keys", name="alarm", draft_incidents="yes")
    token = re.search(r"<code>(spk_[\w-]+)</code>", page.text)
    assert token
    draft = {"title": "Errors above 5 %", "impact": "major", "body": "The alarm says so."}
    transport = httpx.ASGITransport(app=backend)
    async with httpx.AsyncClient(transport=transport, base_url="http://b/api/v1") as alarm:
        header = {"Authorization": f"Bearer {token[1]}"}
        assert (await alarm.post("/drafts", json=draft, headers=header)).status_code == 201
    overview = (await admin.get("/admin")).text
    link = re.search(r'href="(/admin/incidents/new\?draft=[0-9a-f-]+)"', overview)
    assert link
    assert "Published: Errors above 5 %" in (await admin.submit(link[1])).text
    key = re.search(r"/admin/keys/([0-9a-f-]+)/delete", (await admin.get("/admin/keys")).text)
    assert key
    assert "Revoked: alarm" in (await admin.submit(f"/admin/keys/{key[1]}/delete")).text
    trail = (await admin.get("/admin/audit")).text
    for words in ("API key revoked: alarm", "Draft proposed", "Administrator disabled: jane",
                  "Incident deleted: All requests fail", "We look closely."):  # fmt: skip
        assert words in trail


async def _get(backend: FastAPI, path: str, member: str) -> list[Json]:
    transport = httpx.ASGITransport(app=backend)
    async with httpx.AsyncClient(transport=transport, base_url="http://b/api/v1") as client:
        found: list[Json] = (await client.get(path)).json()[member]
        return found


def test_the_audit_trail_has_texts_for_all_records_of_the_backend() -> None:
    sources = [path.read_text() for path in Path(command.__file__).parent.rglob("*.py")]
    actions = {name for text in sources for name in re.findall(r'Deed\(\s*"([a-z_.]+)"', text)}
    actions |= {f"administrator.{name}" for name in command.ACTIONS.values()}
    for language in Language:
        prefix = "audit_action."
        known = {name for name in catalogue(language).messages if name.startswith(prefix)}
        assert {name.removeprefix(prefix) for name in known} == actions
