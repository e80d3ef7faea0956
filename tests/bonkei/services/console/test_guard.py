"""Who may ask: each line of defence alone, as a browser or an attacker would send it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bonkei.services.console.guard import HEADERS, Asked, Keys, brings_token, judge

KEYS = Keys("t" * 32, 8082)
READ = Asked("GET", "/data/tasks", "127.0.0.1:8082", cookie=KEYS.cookie)
ACTION = replace(
    READ,
    method="POST",
    path="/do/task.stop",
    origin="http://127.0.0.1:8082",
    site="same-origin",
    marker="1",
    content_type="application/json",
)


@pytest.mark.parametrize("asked", [READ, ACTION, replace(READ, host="localhost:8082")])
def test_the_page_itself_may_ask(asked: Asked) -> None:
    assert judge(asked, KEYS) is None


@pytest.mark.parametrize(
    "host", ["evil.example:8082", "127.0.0.1:8080", "127.0.0.1", "", "127.0.0.1.evil.example:8082"]
)
def test_a_rebound_name_is_refused(host: str) -> None:
    refusal = judge(replace(READ, host=host), KEYS)
    assert refusal is not None
    assert refusal.status == 421


@pytest.mark.parametrize(
    "change",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:8080"},  # the site in the miniature: the same site, not ours
        {"origin": "", "site": "cross-site"},
        {"origin": "", "site": "same-site"},
    ],
)
@pytest.mark.parametrize("asked", [READ, ACTION])
def test_another_page_may_not_ask(asked: Asked, change: dict[str, Any]) -> None:
    refusal = judge(replace(asked, **change), KEYS)
    assert refusal is not None
    assert refusal.status == 403


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"marker": ""}, 403),
        ({"content_type": "text/plain"}, 415),
        ({"content_type": "application/x-www-form-urlencoded"}, 415),
        ({"method": "PUT"}, 405),
        ({"method": "OPTIONS"}, 405),
        ({"cookie": ""}, 401),
        ({"cookie": "0" * 64}, 401),
        ({"cookie": KEYS.token}, 401),
    ],
)
def test_an_action_needs_all_of_it(change: dict[str, Any], status: int) -> None:
    refusal = judge(replace(ACTION, **change), KEYS)
    assert refusal is not None
    assert refusal.status == status


def test_the_token_opens_the_door_and_nothing_else() -> None:
    door = replace(READ, path="/", cookie="", token=KEYS.token, site="cross-site", mode="navigate")
    assert judge(door, KEYS) is None
    assert brings_token(door, KEYS)
    for other in (
        replace(door, token="x" * 32),
        replace(door, path="/data/tasks", site=""),
        replace(door, method="POST", site=""),
        replace(door, token=KEYS.cookie),
        replace(door, token="\udcff"),
    ):
        assert not brings_token(other, KEYS)
        assert judge(other, KEYS) is not None


def test_two_consoles_of_a_host_have_cookies_of_their_own() -> None:
    other = Keys("u" * 32, 9082)
    assert KEYS.cookie_name != other.cookie_name
    assert KEYS.cookie != other.cookie
    assert KEYS.token not in KEYS.cookie


def test_no_script_and_no_style_of_a_page_itself_runs() -> None:
    policy = HEADERS["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
