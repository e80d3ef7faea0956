"""The real server: pages, topics and actions, and requests that mean harm."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from bonkei.services.console import Console, ConsoleError, ConsoleSettings, Json
from bonkei.services.console.guard import Keys

ACTION = {"X-Bonkei": "1", "Content-Type": "application/json"}


def base(console: Console) -> str:
    shown = console.snapshot()
    assert shown is not None
    return f"http://{urlsplit(shown.url).netloc}"


def door(console: Console) -> str:
    shown = console.snapshot()
    assert shown is not None
    return shown.url


@pytest.fixture
async def stranger(console: Console) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=base(console), timeout=60) as client:
        yield client


@pytest.fixture
async def person(console: Console, stranger: httpx.AsyncClient) -> httpx.AsyncClient:
    """Has come in by the address that the terminal printed."""
    answer = await stranger.get(door(console))
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    return stranger


async def test_without_the_token_nothing_is_shown(
    console: Console, stranger: httpx.AsyncClient
) -> None:
    for path in ("/", "/main.js", "/data/tasks", "/live?topic=tasks", "/?token=guess"):
        answer = await stranger.get(path)
        assert answer.status_code == 401, path
        assert "set-cookie" not in answer.headers
    assert "bonkei status" in (await stranger.get("/")).text


async def test_with_it_the_page_comes_and_the_address_loses_it(person: httpx.AsyncClient) -> None:
    page = await person.get("/")
    assert page.status_code == 200
    assert "default-src 'self'" in page.headers["content-security-policy"]
    script = await person.get("/main.js")
    assert script.headers["content-type"].startswith("text/javascript")
    again = await person.get("/main.js", headers={"If-None-Match": script.headers["etag"]})
    assert again.status_code == 304
    for path in ("/../console.py", "/static/main.js", "/vendor/README.md", "/%2e%2e/guard.py"):
        assert (await person.get(path)).status_code == 404


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "rebound.example"}, 421),
        ({"Host": "rebound.example:8082"}, 421),
        ({"Origin": "http://evil.example"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
    ],
)
async def test_a_page_elsewhere_reads_and_does_nothing(
    console: Console, person: httpx.AsyncClient, headers: dict[str, str], status: int
) -> None:
    done: list[str] = []

    async def do(body: Mapping[str, Any]) -> Json:
        done.append(str(body))
        return None

    console.actions({"task.stop": do})
    read = await person.get("/data/tasks", headers=headers)
    act = await person.post("/do/task.stop", json={}, headers={**ACTION, **headers})
    assert (read.status_code, act.status_code) == (status, status)
    assert done == []
    for answer in (read, act):
        assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "application/json"},
        {"X-Bonkei": "1", "Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
    ],
)
async def test_a_form_does_nothing(
    console: Console, person: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    done: list[str] = []

    async def do(body: Mapping[str, Any]) -> Json:
        done.append(str(body))
        return None

    console.actions({"task.stop": do})
    answer = await person.post("/do/task.stop", content=b'{"task": "1"}', headers=headers)
    assert answer.status_code in (403, 415)
    preflight = await person.request("OPTIONS", "/do/task.stop", headers={"Origin": base(console)})
    assert preflight.status_code == 405
    assert done == []


async def test_an_action_answers_or_says_why_not(
    console: Console, person: httpx.AsyncClient
) -> None:
    async def do(body: Mapping[str, Any]) -> Json:
        if body["task"] == "gone":
            raise ConsoleError("it has ended\u202e", remedy="look again")
        return {"did": body["task"]}

    console.actions({"task.stop": do})

    async def post(content: bytes) -> tuple[int, Any]:
        answer = await person.post("/do/task.stop", content=content, headers=ACTION)
        return answer.status_code, answer.json()

    assert await post(b'{"task": "1"}') == (200, {"did": "1"})
    assert await post(b'{"task": "gone"}') == (
        409,
        {"error": "it has ended\\u202e", "remedy": "look again"},
    )
    for content in (b"", b"{", b"[]", b"{}", b"[" * 100_000, b'"' + b"x" * 300_000 + b'"'):
        assert (await post(content))[0] == 400
    assert (await person.post("/do/none", json={}, headers=ACTION)).status_code == 404


async def test_a_topic_once_and_live(console: Console, person: httpx.AsyncClient) -> None:
    async def tasks(query: Mapping[str, str]) -> Json:
        return {"id": query.get("id", ""), "markup": "</script><b>日本</b>\n"}

    console.topics({"tasks": tasks})
    turned = (await person.get("/data/tasks", params={"id": "a\u202eb\u2066"})).json()
    assert turned["data"]["id"] == "a\\u202eb\\u2066"  # it would turn the rest of the line
    once = (await person.get("/data/tasks", params={"id": "7"})).json()
    assert once == {"data": {"id": "7", "markup": "</script><b>日本</b>\n"}}
    async with person.stream("GET", "/live", params={"topic": "tasks?id=8"}) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        async for line in answer.aiter_lines():
            if line.startswith("data: "):
                found = json.loads(line.removeprefix("data: "))
                break
    assert (found["topic"], found["data"]["id"]) == ("tasks?id=8", "8")
    await until_no_page_is_open(console)


async def until_no_page_is_open(console: Console) -> None:
    for _ in range(3_000):
        shown = console.snapshot()
        assert shown is not None
        if shown.open == 0:
            return
        await asyncio.sleep(0.02)
    pytest.fail("a browser that has gone is still looked after")


async def test_a_stuck_browser_does_not_slow_the_others(
    console: Console, person: httpx.AsyncClient
) -> None:
    """A browser asks for everything and reads nothing: the others are answered at once."""
    n = 0

    async def requests(_: Mapping[str, str]) -> Json:
        nonlocal n
        n += 1
        return {"n": n, "rows": ["x" * 1000] * 200}

    console.topics({"requests": requests})
    address = urlsplit(base(console))
    cookie = "; ".join(f"{name}={value}" for name, value in person.cookies.items())
    stuck = socket.create_connection((address.hostname, address.port))
    stuck.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    head = f"Host: {address.netloc}\r\nCookie: {cookie}\r\n\r\n"
    stuck.sendall(f"GET /live?topic=requests HTTP/1.1\r\n{head}".encode())
    try:
        loop = asyncio.get_running_loop()
        while n < 5:
            await asyncio.sleep(0.05)
        took: list[float] = []
        for _ in range(21):
            begun = loop.time()
            assert (await person.get("/data/requests")).status_code == 200
            took.append(loop.time() - begun)
        assert sorted(took)[10] < 0.5  # most of them: others use the machine, too
    finally:
        stuck.close()
    await until_no_page_is_open(console)


async def test_the_token_is_kept_for_its_owner_alone(tmp_path: Path) -> None:
    settings = ConsoleSettings(0, tmp_path / "console")
    tokens = []
    for _ in range(2):
        console = Console(settings)
        await console.start()
        tokens.append(door(console).partition("token=")[2])
        await console.stop()
        await console.stop()
    assert tokens[0] == tokens[1]
    file = tmp_path / "console" / "token"
    assert file.stat().st_mode & 0o077 == 0
    file.write_text("short")
    file.chmod(0o644)
    console = Console(settings)
    await console.start()
    await console.stop()
    assert len(file.read_text()) == 32
    assert file.stat().st_mode & 0o077 == 0


async def test_a_taken_port_leaves_a_console_on_another(tmp_path: Path) -> None:
    """What took it gets the cookie of a page that is still open: it must not open this console."""
    (tmp_path / "token").write_text("t" * 32)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        console = Console(ConsoleSettings(port, tmp_path))
        await console.start()
        shown = console.snapshot()
        assert shown is not None
        keys = Keys("t" * 32, int(urlsplit(shown.url).port or 0))
        async with httpx.AsyncClient(base_url=base(console), timeout=60) as client:
            answer = await client.get("/", headers={"Cookie": f"{keys.cookie_name}={keys.cookie}"})
        await console.stop()
    assert f":{port}/" not in shown.url
    assert f"port {port} is taken" in shown.note
    assert answer.status_code == 401
    again = Console(ConsoleSettings(port, tmp_path))
    await again.start()
    reopened = again.snapshot()
    await again.stop()
    assert reopened is not None
    assert "t" * 32 not in reopened.url


async def test_without_settings_there_is_none() -> None:
    console = Console()
    await console.start()
    assert console.snapshot() is None
    await console.stop()


def test_a_name_is_given_once() -> None:
    async def topic(_: Mapping[str, str]) -> Json:
        return None

    console = Console()
    console.topics({"tasks": topic})
    with pytest.raises(ValueError, match="tasks"):
        console.topics({"tasks": topic})
