"""Signing in and out, guessing, and passwords."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from statistics import median

import httpx
import pytest
from backend.api import sign_in
from backend.api.slow_lane import PLACES, SECONDS, SlowLane
from backend.passwords import Passwords
from fastapi import FastAPI
from starlette.requests import Request

from tests.program.backend.postgresql import ADMINISTRATOR_PASSWORD

NEW_PASSWORD = "another long password"


async def attempt(
    client: httpx.AsyncClient,
    password: str,
    username: str = "admin",
    address: str = "192.0.2.1",
    device: str = "",
) -> httpx.Response:
    return await client.post(
        "/sessions",
        json={"username": username, "password": password},
        headers={
            "X-Forwarded-For": f"203.0.113.9, {address}, 198.51.100.1",
            "X-Device": device,
        },
    )


def bearer(answer: httpx.Response) -> dict[str, str]:
    return {"Authorization": f"Bearer {answer.json()['token']}"}


async def test_signing_in_and_out(client: httpx.AsyncClient):
    answer = await attempt(client, ADMINISTRATOR_PASSWORD)
    assert answer.status_code == 201
    assert answer.headers["cache-control"] == "no-store"
    session = await client.get("/sessions/current", headers=bearer(answer))
    assert session.json() == {"username": "admin", "expires_at": answer.json()["expires_at"]}
    assert (await client.delete("/sessions/current", headers=bearer(answer))).status_code == 204
    assert (await client.get("/sessions/current", headers=bearer(answer))).status_code == 401


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer x", "Basic YTpi", "Bearer \udcff".encode(errors="replace")]
)
async def test_other_tokens_are_invalid(client: httpx.AsyncClient, header: str):
    answer = await client.get("/sessions/current", headers={"Authorization": header})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_a_wrong_name_and_a_wrong_password_have_the_same_answer(client: httpx.AsyncClient):
    name = await attempt(client, ADMINISTRATOR_PASSWORD, username="nobody")
    password = await attempt(client, "wrong")
    assert name.status_code == password.status_code == 401

    def told(answer: httpx.Response) -> dict[str, object]:
        return answer.json() | {"request_id": ""}

    assert told(name) == told(password)


async def test_a_wrong_name_takes_as_long_as_a_wrong_password():
    """Measured in processor time, which a busy machine disturbs less. Without the dummy hash it
    would be a tenth.
    """
    passwords = Passwords()
    right = await passwords.hash("right")
    passwords.prepare()

    async def cost(password_hash: str | None) -> float:
        started = time.process_time()
        assert not await passwords.verify(password_hash, "wrong")
        return time.process_time() - started

    known = median([await cost(right) for _ in range(9)])
    unknown = median([await cost(None) for _ in range(9)])
    assert 0.4 < known / unknown < 2.5


async def test_the_password_is_checked_even_for_a_wrong_name(
    client: httpx.AsyncClient, app: FastAPI, monkeypatch: pytest.MonkeyPatch
):
    passwords, seen = app.state.services.passwords, []
    original = passwords.verify

    async def verify(password_hash: str | None, password: str) -> bool:
        seen.append(password_hash is None)
        return await original(password_hash, password)

    monkeypatch.setattr(passwords, "verify", verify)
    await attempt(client, "wrong", username="nobody")
    await attempt(client, "wrong")
    assert seen == [True, False]


async def test_an_expired_session_has_ended(client: httpx.AsyncClient, app: FastAPI):
    answer = await attempt(client, ADMINISTRATOR_PASSWORD)
    async with app.state.services.database.transaction() as connection:
        await connection.run("UPDATE administrator_sessions SET expires_at = now()")
    assert (await client.get("/sessions/current", headers=bearer(answer))).status_code == 401


async def test_tokens_are_stored_hashed(client: httpx.AsyncClient, app: FastAPI):
    answer = await attempt(client, ADMINISTRATOR_PASSWORD)
    async with app.state.services.database.query() as connection:
        rows = await connection.all("SELECT * FROM administrator_sessions")
    assert len(rows) == 1
    assert answer.json()["token"] not in repr(rows)


async def test_guessing_becomes_slow_for_the_guesser(
    client: httpx.AsyncClient, no_sleep: list[float]
):
    for _ in range(sign_in.ATTEMPTS_BY_NAME_AND_ADDRESS):
        assert (await attempt(client, "wrong")).status_code == 401
    assert no_sleep == []
    for _ in range(3):
        assert (await attempt(client, "wrong")).status_code == 401
    assert no_sleep == [SECONDS] * 3
    elsewhere = await attempt(client, ADMINISTRATOR_PASSWORD, address="192.0.2.2")
    assert elsewhere.status_code == 201
    assert len(no_sleep) == 3


async def test_a_stranger_cannot_lock_the_owner_out(
    client: httpx.AsyncClient, no_sleep: list[float]
):
    """In the miniature both have one address, and all limits are used up."""
    for number in range(60):
        name = "admin" if number % 2 else f"user{number}"
        assert (await attempt(client, "wrong", username=name)).status_code in (401, 429)
    assert no_sleep
    assert (await attempt(client, ADMINISTRATOR_PASSWORD)).status_code == 201
    slept = len(no_sleep)
    assert (await attempt(client, ADMINISTRATOR_PASSWORD)).status_code == 201
    assert len(no_sleep) == slept  # success has reset the stranger's attempts


async def test_simultaneous_guesses_are_all_counted_and_few_of_them_wait(
    client: httpx.AsyncClient, use_lane: Callable[[SlowLane], None]
):
    released = asyncio.Event()

    async def sleep(_: float) -> None:
        await released.wait()

    use_lane(SlowLane(sleep=sleep))
    tasks = [asyncio.create_task(attempt(client, "wrong")) for _ in range(14)]
    while sum(task.done() for task in tasks) < len(tasks) - PLACES:
        await asyncio.sleep(0.01)
    released.set()
    answers = await asyncio.gather(*tasks)
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [401] * (5 + PLACES) + [429] * (9 - PLACES)
    (late,) = {answer.headers["retry-after"] for answer in answers if answer.status_code == 429}
    assert int(late) <= 5


async def test_a_known_browser_is_not_slowed_by_guessers(
    client: httpx.AsyncClient, no_sleep: list[float], use_lane: Callable[[SlowLane], None]
):
    known = (await attempt(client, ADMINISTRATOR_PASSWORD)).json()["device"]
    for _ in range(10):
        await attempt(client, "wrong")
    slept = len(no_sleep)
    use_lane(SlowLane(places=0))  # as if all were taken
    assert (await attempt(client, ADMINISTRATOR_PASSWORD)).status_code == 429
    answer = await attempt(client, ADMINISTRATOR_PASSWORD, device=known)
    assert answer.status_code == 201
    assert answer.json()["device"] == known
    assert len(no_sleep) == slept
    stolen = [
        (await attempt(client, "wrong", device=known)).status_code
        for _ in range(sign_in.ATTEMPTS_BY_DEVICE + 1)
    ]
    assert stolen == [401] * sign_in.ATTEMPTS_BY_DEVICE + [429]


async def test_an_invented_device_cookie_is_not_a_known_browser(
    client: httpx.AsyncClient, no_sleep: list[float]
):
    known = (await attempt(client, ADMINISTRATOR_PASSWORD)).json()["device"]
    for _ in range(5):
        await attempt(client, "wrong")
    for device in ("x" * 43, known[:-1], ""):
        await attempt(client, "wrong", device=device)
    assert len(no_sleep) == 3
    await attempt(client, "wrong", username="somebody-else", device=known)
    for _ in range(5):  # it is known for one name only
        await attempt(client, "wrong", username="somebody-else", device=known)
    assert len(no_sleep) == 4


async def test_success_resets_the_failures(client: httpx.AsyncClient):
    for _ in range(3):
        for _ in range(sign_in.ATTEMPTS_BY_NAME_AND_ADDRESS - 1):
            assert (await attempt(client, "wrong")).status_code == 401
        assert (await attempt(client, ADMINISTRATOR_PASSWORD)).status_code == 201


async def test_many_addresses_and_many_names_are_counted_too(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, no_sleep: list[float]
):
    monkeypatch.setattr(sign_in, "ATTEMPTS_BY_NAME", 3)
    for number in range(4):
        await attempt(client, "wrong", address=f"192.0.2.{number}")
    assert len(no_sleep) == 1
    monkeypatch.setattr(sign_in, "ATTEMPTS_BY_ADDRESS", 3)
    for number in range(4):
        await attempt(client, "wrong", username=f"u{number}", address="::1")
    assert len(no_sleep) == 2


async def test_a_window_ends(client: httpx.AsyncClient, app: FastAPI, no_sleep: list[float]):
    for _ in range(sign_in.ATTEMPTS_BY_NAME_AND_ADDRESS + 1):
        await attempt(client, "wrong")
    assert len(no_sleep) == 1
    async with app.state.services.database.transaction() as connection:
        await connection.run("UPDATE sign_in_attempts SET expires_at = now()")
    assert (await attempt(client, ADMINISTRATOR_PASSWORD)).status_code == 201
    async with app.state.services.database.query() as connection:
        assert await connection.all("SELECT * FROM sign_in_attempts") == []


async def test_a_changed_password_ends_the_other_sessions(client: httpx.AsyncClient):
    mine, other = [await attempt(client, ADMINISTRATOR_PASSWORD) for _ in range(2)]
    path = "/administrators/me/password"
    body = {"current_password": ADMINISTRATOR_PASSWORD, "new_password": NEW_PASSWORD}
    wrong = await client.put(path, json=body | {"current_password": "x"}, headers=bearer(mine))
    assert wrong.status_code == 403
    short = await client.put(path, json=body | {"new_password": "x" * 11}, headers=bearer(mine))
    assert short.status_code == 422
    assert "x" * 11 not in short.text
    assert (await client.put(path, json=body)).status_code == 401

    assert (await client.put(path, json=body, headers=bearer(mine))).status_code == 204
    assert (await client.get("/sessions/current", headers=bearer(mine))).status_code == 200
    assert (await client.get("/sessions/current", headers=bearer(other))).status_code == 401
    assert (await attempt(client, ADMINISTRATOR_PASSWORD)).status_code == 401
    assert (await attempt(client, NEW_PASSWORD)).status_code == 201


async def test_two_simultaneous_password_changes_change_it_once(client: httpx.AsyncClient):
    mine = await attempt(client, ADMINISTRATOR_PASSWORD)
    answers = await asyncio.gather(
        *(
            client.put(
                "/administrators/me/password",
                json={
                    "current_password": ADMINISTRATOR_PASSWORD,
                    "new_password": f"{NEW_PASSWORD} {number}",
                },
                headers=bearer(mine),
            )
            for number in range(3)
        )
    )
    assert sorted(answer.status_code for answer in answers) == [204, 403, 403]


async def test_a_stolen_session_cannot_guess_the_password(client: httpx.AsyncClient):
    mine = await attempt(client, ADMINISTRATOR_PASSWORD)
    body = {"current_password": "guess", "new_password": NEW_PASSWORD}
    answers = [
        await client.put("/administrators/me/password", json=body, headers=bearer(mine))
        for _ in range(6)
    ]
    assert [answer.status_code for answer in answers] == [403] * 5 + [429]


@pytest.mark.parametrize(
    ("forwarded", "proxies", "address"),
    [
        ("203.0.113.9, 192.0.2.1, 198.51.100.1", 2, "192.0.2.1"),
        ("192.0.2.1, 198.51.100.1", 2, "192.0.2.1"),
        ("198.51.100.1", 2, "127.0.0.1"),
        ("", 2, "127.0.0.1"),
        ("192.0.2.1", 1, "192.0.2.1"),
        ("192.0.2.1", 0, "127.0.0.1"),
    ],
)
def test_the_client_address_is_the_one_that_our_own_proxies_saw(
    forwarded: str, proxies: int, address: str
):
    scope = {
        "type": "http",
        "headers": [(b"x-forwarded-for", forwarded.encode())] if forwarded else [],
        "client": ("127.0.0.1", 1),
    }
    assert sign_in.client_address(Request(scope), proxies) == address
