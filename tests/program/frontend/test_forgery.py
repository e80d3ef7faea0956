"""Forged requests and forged cookies have no effect."""

from __future__ import annotations

from http.cookies import SimpleCookie

import httpx
import pytest
from frontend.admin.forgery import is_from_here
from frontend.admin.visit import Visits, new_visit, signed_in
from hypothesis import given
from hypothesis import strategies as st
from itsdangerous import URLSafeTimedSerializer
from starlette.datastructures import Headers

from tests.program.frontend.admin_browser import SAME_SITE, AdminBrowser, forms_of
from tests.program.frontend.conftest import Visit
from tests.program.frontend.fake_backend import PASSWORD, FakeBackend
from tests.program.frontend.process import SECRET


@pytest.fixture
async def admin(site: Visit, backend: FakeBackend) -> AdminBrowser:
    browser = AdminBrowser(site(backend))
    await browser.sign_in()
    return browser


async def _filled_in(admin: AdminBrowser) -> tuple[str, dict[str, str]]:
    action, data = forms_of((await admin.get("/admin/components/new")).text)[0]
    return action, data | {"name": "API"}


async def test_a_genuine_form_works(admin: AdminBrowser, backend: FakeBackend) -> None:
    action, data = await _filled_in(admin)
    assert (await admin.post(action, data)).status_code == 303
    assert len(backend.components) == 1


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:8081"},
    ],
)
async def test_a_form_from_another_site(
    admin: AdminBrowser, backend: FakeBackend, headers: dict[str, str]
) -> None:
    action, data = await _filled_in(admin)
    answer = await admin.post(action, data, headers)
    assert answer.status_code == 403
    assert "That request was refused" in answer.text
    assert backend.components == {}


@pytest.mark.parametrize("token", [None, "", "x", "form.abc.def"])
async def test_a_form_without_its_token(
    admin: AdminBrowser, backend: FakeBackend, token: str | None
) -> None:
    action, data = await _filled_in(admin)
    del data["form_token"]
    extra = {} if token is None else {"form_token": token}
    assert (await admin.post(action, data | extra)).status_code == 403
    assert backend.components == {}


async def test_a_token_of_another_session(
    admin: AdminBrowser, site: Visit, backend: FakeBackend
) -> None:
    other = AdminBrowser(site(backend))
    await other.sign_in()
    action, data = await _filled_in(other)
    assert (await admin.post(action, data)).status_code == 403


async def test_a_token_from_before_signing_in_is_invalid_afterwards(
    site: Visit, backend: FakeBackend
) -> None:
    browser = AdminBrowser(site(backend))
    before = forms_of((await browser.get("/admin/sign-in")).text)[0][1]["form_token"]
    await browser.sign_in()
    action, data = await _filled_in(browser)
    assert (await browser.post(action, data | {"form_token": before})).status_code == 403


async def test_signing_in_is_protected_too(site: Visit, backend: FakeBackend) -> None:
    """Otherwise another site could sign a visitor in as another person."""
    data = {"username": "admin", "password": PASSWORD}
    answer = await site(backend).post("/admin/sign-in", data=data, headers=SAME_SITE)
    assert answer.status_code == 403
    assert backend.tokens == {}


@pytest.mark.parametrize(
    ("headers", "public_origin", "expected"),
    [
        ({}, "", True),
        ({"Host": "alb.internal", "Origin": "https://a.example"}, "https://a.example", True),
        ({"Host": "alb.internal", "Origin": "https://a.example"}, "https://b.example", False),
        (
            {"Host": "alb", "X-Forwarded-Host": "a.example", "Origin": "https://a.example"},
            "",
            True,
        ),
        ({"Host": "a.example", "Origin": "https://a.example.evil"}, "", False),
        ({"Host": "", "Origin": "null"}, "", False),
        (
            {"Sec-Fetch-Site": "same-origin", "Origin": "https://cloudfront", "Host": "alb"},
            "",
            True,
        ),
    ],
)
def test_the_origin_of_a_form(headers: dict[str, str], public_origin: str, expected: bool) -> None:
    assert is_from_here(Headers(headers), public_origin) is expected


# The cookie


def _cookie(answer: httpx.Response) -> tuple[str, dict[str, str]]:
    cookies = [SimpleCookie(text) for text in answer.headers.get_list("set-cookie")]
    ((name, morsel),) = (
        (name, morsel) for cookie in cookies for name, morsel in cookie.items() if "visit" in name
    )
    return name, {key: str(value) for key, value in morsel.items() if value}


async def test_over_plain_http_the_cookie_is_limited_to_the_area(
    site: Visit, backend: FakeBackend
) -> None:
    name, facts = _cookie(await site(backend).get("/admin/sign-in"))
    assert name == "visit"
    assert facts["path"] == "/admin"
    assert facts["httponly"]
    assert facts["samesite"] == "lax"
    assert "secure" not in facts


@pytest.mark.parametrize(
    ("settings", "headers"),
    [
        ({"public_url": "https://status.example.com"}, {}),
        ({}, {"CloudFront-Forwarded-Proto": "https", "X-Forwarded-Proto": "http"}),
        ({}, {"X-Forwarded-Proto": "https"}),
    ],
)
async def test_over_https_the_cookie_is_bound_to_this_host(
    site: Visit, backend: FakeBackend, settings: dict[str, str], headers: dict[str, str]
) -> None:
    answer = await site(backend, **settings).get("/admin/sign-in", headers=headers)
    name, facts = _cookie(answer)
    assert name == "__Host-visit"
    assert facts["path"] == "/"
    assert facts["secure"]
    assert facts["httponly"]
    assert "domain" not in facts


async def test_without_a_proxys_header_the_browsers_origin_decides(
    site: Visit, backend: FakeBackend
) -> None:
    browser = AdminBrowser(site(backend))
    action, data = forms_of((await browser.get("/admin/sign-in")).text)[0]
    data |= {"username": "admin", "password": PASSWORD}
    over_https = {"Sec-Fetch-Site": "same-origin", "Origin": "https://d111.cloudfront.net"}
    name, _ = _cookie(await browser.post(action, data, over_https))
    assert name == "__Host-visit"


async def test_where_https_is_used_a_plain_cookie_is_ignored(
    site: Visit, backend: FakeBackend
) -> None:
    """An attacker who can write cookies for a sibling host or over HTTP cannot plant a session."""
    visits = Visits(SECRET, "")
    backend.tokens["t"] = "admin"
    planted = visits._serializer.dumps({"id": "i", "language": "en", "token": "t"})
    known = site(backend, public_url="https://status.example.com")
    assert (await known.get("/admin", headers={"Cookie": f"visit={planted}"})).status_code == 303
    unknown = site(backend)
    assert (await unknown.get("/admin", headers={"Cookie": f"visit={planted}"})).status_code == 200


async def test_the_cookie_cannot_be_changed(admin: AdminBrowser, backend: FakeBackend) -> None:
    value = admin.client.cookies["visit"]
    # Not the last character, because some of its bits belong to no byte of the signature.
    for index in range(0, len(value) - 1, 7):
        changed = value[:index] + ("A" if value[index] != "A" else "B") + value[index + 1 :]
        headers = {"Cookie": f"visit={changed}"}
        admin.client.cookies.clear()
        assert (await admin.client.get("/admin", headers=headers)).status_code == 303


@pytest.mark.parametrize(
    "forged",
    [
        URLSafeTimedSerializer("another secret of 32 characters..", salt="visit"),
        URLSafeTimedSerializer(SECRET, salt="form"),
    ],
)
async def test_a_cookie_with_another_signature(
    site: Visit, backend: FakeBackend, forged: URLSafeTimedSerializer
) -> None:
    backend.tokens["t"] = "admin"
    value = forged.dumps({"id": "i", "language": "en", "token": "t"})
    answer = await site(backend).get("/admin", headers={"Cookie": f"visit={value}"})
    assert answer.status_code == 303


@pytest.mark.parametrize("content", [[], "text", {"id": "i"}, {"other": 1}, None])
async def test_a_signed_cookie_of_another_version(
    site: Visit, backend: FakeBackend, content: object
) -> None:
    value = URLSafeTimedSerializer(SECRET, salt="visit").dumps(content)
    answer = await site(backend).get("/admin", headers={"Cookie": f"visit={value}"})
    assert answer.status_code == 303


@given(st.text(max_size=200))
def test_no_plain_text_is_a_form_token(text: str) -> None:
    assert not Visits(SECRET, "").is_form_token(new_visit("en"), text)


def test_each_session_has_its_own_token() -> None:
    visits, visit = Visits(SECRET, ""), new_visit("en")
    token = visits.form_token(visit)
    assert visits.is_form_token(visit, token)
    assert not visits.is_form_token(signed_in(visit, "t", "admin"), token)
    assert not Visits("x" * 32, "").is_form_token(visit, token)


# The request bodies


async def test_a_form_larger_than_all_of_ours(admin: AdminBrowser) -> None:
    answer = await admin.post("/admin/components", {"name": "x" * 300_000})
    assert answer.status_code == 413


@pytest.mark.parametrize("body", [b"\xff\xfe", b"a&" * 1000])
async def test_a_body_that_is_not_a_form(admin: AdminBrowser, body: bytes) -> None:
    answer = await admin.client.post("/admin/components", content=body, headers=SAME_SITE)
    assert answer.status_code in {400, 403}
