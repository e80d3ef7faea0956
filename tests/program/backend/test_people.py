"""Several administrators: created, disabled, enabled again, with a record of who did it."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
import pytest
from backend import administrators as command
from backend.domain.people import Administrator
from backend.settings import ServeSettings
from fastapi import FastAPI

from tests.program.backend.postgresql import ADMINISTRATOR_PASSWORD
from tests.program.backend.process import environment_of
from tests.program.backend.test_sign_in import attempt, bearer


async def made(admin: httpx.AsyncClient, name: str = "jane") -> tuple[str, str]:
    """An administrator's id and password."""
    answer = await admin.post("/administrators", json={"username": name})
    assert answer.status_code == 201
    assert answer.headers["cache-control"] == "no-store"
    return answer.json()["administrator"]["id"], answer.json()["password"]


async def deeds(admin: httpx.AsyncClient) -> list[tuple[str, str, str]]:
    records = (await admin.get("/audit")).json()["records"]
    return [(one["actor"]["name"], one["action"], one["title"]) for one in records]


async def test_an_administrator_is_created_signs_in_and_is_disabled(
    admin: httpx.AsyncClient, client: httpx.AsyncClient
):
    identifier, password = await made(admin, " jane ")
    session = await attempt(client, password, username="jane")
    assert session.status_code == 201
    hers = bearer(session)
    assert (await client.get("/sessions/current", headers=hers)).json()["username"] == "jane"
    found = (await admin.get("/administrators")).json()["administrators"]
    assert [(one["username"], one["disabled_at"]) for one in found] == [
        ("admin", None),
        ("jane", None),
    ]
    assert found[1]["last_signed_in_at"]

    answer = await admin.post(f"/administrators/{identifier}/disable")
    assert answer.json()["disabled_at"]
    assert (await client.get("/sessions/current", headers=hers)).status_code == 401
    assert (await attempt(client, password, username="jane")).status_code == 401
    again = await admin.post(f"/administrators/{identifier}/reset-password")
    assert again.json()["administrator"]["disabled_at"] is None
    assert again.json()["password"] != password
    assert (await attempt(client, password, username="jane")).status_code == 401
    assert (await attempt(client, again.json()["password"], username="jane")).status_code == 201
    assert await deeds(admin) == [
        ("admin", "administrator.password_reset", "jane"),
        ("admin", "administrator.disabled", "jane"),
        ("admin", "administrator.created", "jane"),
    ]


async def test_a_disabled_administrator_has_no_hash_for_the_previous_release(
    admin: httpx.AsyncClient, app: FastAPI
):
    identifier, _ = await made(admin)
    await admin.post(f"/administrators/{identifier}/disable")
    async with app.state.services.database.query() as connection:
        (row,) = await connection.all(
            "SELECT password_hash FROM administrators WHERE username = 'jane'"
        )
        assert row["password_hash"] == "disabled"


async def test_the_last_active_administrator_cannot_be_disabled(admin: httpx.AsyncClient):
    found = (await admin.get("/administrators")).json()["administrators"]
    answer = await admin.post(f"/administrators/{found[0]['id']}/disable")
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:problem:last-administrator")


async def test_two_administrators_cannot_disable_each_other_simultaneously(
    admin: httpx.AsyncClient, client: httpx.AsyncClient
):
    jane, password = await made(admin)
    hers = bearer(await attempt(client, password, username="jane"))
    (first, *_) = (await admin.get("/administrators")).json()["administrators"]
    answers = await asyncio.gather(
        admin.post(f"/administrators/{jane}/disable"),
        client.post(f"/administrators/{first['id']}/disable", headers=hers),
    )
    # The second one finds its session ended, or is the last one. They are never both disabled.
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses[0] == 200
    assert statuses[1] in (401, 409)


async def test_a_name_is_unique_ignoring_case(admin: httpx.AsyncClient):
    await made(admin)
    answers = await asyncio.gather(
        *(admin.post("/administrators", json={"username": name}) for name in ("Jane", "ADMIN"))
    )
    assert [answer.status_code for answer in answers] == [409, 409]
    at_once = await asyncio.gather(
        *(admin.post("/administrators", json={"username": name}) for name in ("joe", "JOE", "Joe"))
    )
    assert sorted(answer.status_code for answer in at_once) == [201, 409, 409]


@pytest.mark.parametrize("name", ["İlker", "ÉVA"])
async def test_a_name_of_any_letters_is_unique(admin: httpx.AsyncClient, name: str):
    """The database and Python do not agree on the small letters of all of them."""
    for path, body in (
        ("/administrators", {"username": name}),
        ("/api-keys", {"name": name, "scopes": ["incidents:draft"]}),
    ):
        answers = [await admin.post(path, json=body) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [201, 409], path


@pytest.mark.parametrize("name", ["", " ", "a\nb", "x" * 101, 1, None])
async def test_unusual_names(admin: httpx.AsyncClient, name: object):
    assert (await admin.post("/administrators", json={"username": name})).status_code == 422


async def test_only_administrators_manage_administrators(client: httpx.AsyncClient):
    for method, path in (
        ("GET", "/administrators"), ("POST", "/administrators"), ("GET", "/audit"),
        ("GET", "/api-keys"), ("POST", "/api-keys"), ("GET", "/drafts"),
    ):  # fmt: skip
        answer = await client.request(method, path, json={} if method == "POST" else None)
        assert answer.status_code == 401, path


async def test_administrators_are_managed_by_command(
    admin: httpx.AsyncClient,
    client: httpx.AsyncClient,
    settings: ServeSettings,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    for name, value in environment_of(settings).items():
        monkeypatch.setenv(name, value)

    async def run(deed: str, name: str = "", password: str = "") -> tuple[int, str, str]:
        monkeypatch.setenv("ADMINISTRATOR_PASSWORD", password)
        status = await asyncio.to_thread(command.run, deed, name)
        return status, *capsys.readouterr()

    secret = "a long enough password"
    status, out, _ = await run("make", "jane", secret)
    assert status == 0
    assert secret not in out
    assert (await attempt(client, secret, username="jane")).status_code == 201
    assert (await run("make", "JANE", secret))[2] == (
        "make JANE: another administrator has that name\n"
    )
    assert await run("make", "joe", "short") == (
        1, "", "make joe: a password has 12 to 128 characters\n",
    )  # fmt: skip
    assert (await run("disable", "jane"))[0] == 0
    assert (await attempt(client, secret, username="jane")).status_code == 401
    assert (await run("disable", "admin"))[0] == 1
    status, out, err = await run("disable", "nobody")
    assert (status, out, err) == (1, "", "disable nobody: there is no such administrator\n")
    assert (await run("reset-password", "jane", secret + "!"))[0] == 0
    assert (await attempt(client, secret + "!", username="jane")).status_code == 201
    assert [line.split("\t")[:2] for line in (await run("list"))[1].splitlines()] == [
        ["admin", "active"],
        ["jane", "active"],
    ]
    assert {actor for actor, _, _ in await deeds(admin)} == {"command line"}
    assert secret not in json.dumps((await admin.get("/audit")).json())


async def test_who_signs_in_while_a_command_sets_the_password_is_signed_out(
    client: httpx.AsyncClient, settings: ServeSettings, monkeypatch: pytest.MonkeyPatch
):
    """With the old password, which someone else may know: that is what the command is for."""
    for name, value in environment_of(settings).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("ADMINISTRATOR_PASSWORD", "a long enough password")
    here, reset = asyncio.get_running_loop(), command.administrators.reset_password
    sessions: list[httpx.Response] = []

    async def reset_later(*arguments: Any) -> Administrator:
        signs_in = asyncio.run_coroutine_threadsafe(attempt(client, ADMINISTRATOR_PASSWORD), here)
        sessions.append(await asyncio.wrap_future(signs_in))
        return await reset(*arguments)

    monkeypatch.setattr(command.administrators, "reset_password", reset_later)
    assert await asyncio.to_thread(command.run, "reset-password", "admin") == 0
    (session,) = sessions
    assert session.status_code == 201
    answer = await client.get("/sessions/current", headers=bearer(session))
    assert answer.status_code == 401
