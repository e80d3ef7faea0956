"""The pages of a release: each is asked for, past CloudFront's copies, and a broken one puts all
services back."""

from __future__ import annotations

import asyncio

import pages
import pytest
import release as module
from pages import Answer
from release import Release, ReleaseError

from bonkei.blueprint.cloudfront import CachePolicy
from tests.bonkei.services.edge.distributions import Changing, cached, cloudfront
from tests.bonkei.services.edge.support import ok, serving
from tests.environment.releases.account import AS_BEFORE, FAMILIES, SITE, SYSTEM, Account
from tests.environment.releases.conftest import Clock
from tests.support.ports import free_port

pytestmark = pytest.mark.timeout(60)

FRESH = "/frontend/fresh"
ERRORS, UNAVAILABLE = Answer(500, 5), Answer(503, 5)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (ERRORS, "gives 500"),
        (Answer(200, 0), "gives 200 with nothing in it"),
        (Answer(404, 5), "gives 404"),
        (Answer(failure="no answer: timed out"), "gives no answer: timed out"),
        (Answer(200, 5, age=10_000), "gives a copy from before the release, 10000 s old"),
    ],
)
@pytest.mark.parametrize("service", ["backend", "frontend"])
def test_one_broken_page_puts_all_services_back(
    account: Account, release: Release, clock: Clock, service: str, answer: Answer, said: str
) -> None:
    module.migrate(account, release)
    account.answers = {(f"/{service}", "new"): answer}
    begun = clock.moment
    with pytest.raises(ReleaseError) as refused:
        module.deploy(account, release)
    assert f"app-{service}: GET /{service} {said}" in str(refused.value)
    assert "the cause is older" not in str(refused.value)
    assert clock.moment - begun < 90.0
    for name in ("app-backend", "app-frontend"):
        assert f"{name} is back at {name}:1" in str(refused.value)
        assert account.runs(name) == "old"
    assert account.latest == AS_BEFORE


def test_an_alarm_that_ends_the_way_back_does_not_keep_the_release(
    account: Account, release: Release, clock: Clock
) -> None:
    """The broken page has rung it. Of the way back that ECS then begins it is not heeded."""
    account.answers = {("/frontend", "new"): ERRORS}
    account.rings = {"app-frontend"}
    with pytest.raises(ReleaseError) as refused:
        module.deploy(account, release)
    assert "not back yet" not in str(refused.value)
    for name in ("app-backend", "app-frontend"):
        assert f"{name} is back at {name}:1" in str(refused.value)
    assert account.runs("app-frontend") == "old"


def test_what_ecs_gives_up_goes_back_before_all_pages_have_been_awaited(
    account: Account, release: Release, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An alarm rings while CloudFront still has copies from before the release."""
    ends = {"rolloutState": "IN_PROGRESS", "fails": True}

    def ask(_url: str) -> Answer:
        if account.runs("app-backend") == "new":
            primary = account.services["app-backend"].deployments[0]
            primary.update(ends, rolls_back=account.arn("app-backend", 1))
        return Answer(200, 5, age=10_000)

    monkeypatch.setattr(pages, "ask", ask)
    begun = clock.moment
    with pytest.raises(ReleaseError, match="app-backend: its deployment failed: circuit") as ended:
        module.deploy(account, release)
    assert clock.moment - begun < pages.THERE_WITHIN
    for name in ("app-backend", "app-frontend"):
        assert f"{name} is back at {name}:1" in str(ended.value)


def test_all_broken_pages_are_named(account: Account, release: Release, clock: Clock) -> None:
    account.answers = {("/backend", "new"): ERRORS, (FRESH, "new"): UNAVAILABLE}
    with pytest.raises(ReleaseError) as refused:
        module.deploy(account, release)
    lines = str(refused.value).splitlines()
    assert lines[0] == "app-backend: GET /backend gives 500"
    assert lines[1].strip() == f"app-frontend: GET {FRESH} gives 503"


def test_an_outage_from_before_the_release_is_named_as_one(
    account: Account, release: Release, clock: Clock
) -> None:
    account.answers = {(FRESH, "old"): UNAVAILABLE, (FRESH, "new"): ERRORS}
    with pytest.raises(ReleaseError, match=r"gives 500; before the release, 503: the cause is"):
        module.deploy(account, release)


def test_a_release_that_repairs_a_page_stays(account: Account, release: Release) -> None:
    account.answers = {(FRESH, "old"): ERRORS}
    module.deploy(account, release)
    assert account.runs("app-frontend") == "new"


def test_the_very_first_release_goes_back_to_no_task(
    account: Account, release: Release, clock: Clock
) -> None:
    for service in account.services.values():
        service.desired = 0
    account.answers = {(FRESH, "old"): UNAVAILABLE, (FRESH, "new"): ERRORS}
    with pytest.raises(ReleaseError, match="app-frontend is empty again") as refused:
        module.deploy(account, release)
    assert "the cause is older" not in str(refused.value)


def test_a_page_may_take_a_moment(
    account: Account,
    release: Release,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The load balancer and the caches hear of new tasks a little later."""
    late = clock.moment + pages.THERE_WITHIN

    def ask(_url: str) -> Answer:
        return Answer(200, 5, age=3) if clock.moment >= late else UNAVAILABLE

    monkeypatch.setattr(pages, "ask", ask)
    module.deploy(account, release)
    assert f"app-frontend: GET {FRESH} gives 200" in capsys.readouterr().out
    assert account.latest == {**dict.fromkeys(FAMILIES, 2), "app-migrate": 1}


def test_an_answer_of_an_earlier_task_does_not_count(
    account: Account, release: Release, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A task that ends may answer once more while another page is broken already."""
    asked: list[str] = []

    def ask(url: str) -> Answer:
        asked.append(url.removeprefix(SITE))
        good_ones = {"/backend": 2, FRESH: 1}  # the first is from before the release
        return ERRORS if asked.count(asked[-1]) > good_ones.get(asked[-1], 99) else Answer(200, 5)

    monkeypatch.setattr(pages, "ask", ask)
    with pytest.raises(ReleaseError) as refused:
        module.deploy(account, release)
    assert f"app-backend: GET /backend gives 500\n  app-frontend: GET {FRESH} gives 500" in str(
        refused.value
    )


@pytest.mark.parametrize(
    "system",
    [
        {name: value for name, value in SYSTEM.items() if name != "site"},
        {**SYSTEM, "site": ""},
        {**SYSTEM, "services": {"web": {**SYSTEM["services"]["backend"], "pages": []}}},
        {**SYSTEM, "services": {"web": {"service": "app-backend"}}},
    ],
)
def test_a_release_without_a_page_to_look_at_is_refused(system: dict[str, object]) -> None:
    with pytest.raises(ReleaseError, match="RELEASE names no page of app-backend"):
        Release(system, "new")


# As module edge and the frontend have them; a copy is fresh for a second in place of five.
PAGES = CachePolicy("pages", 0, 0, 86_400)
GOOD = ok(b"good", ("Cache-Control", "max-age=1, stale-if-error=86400"))
BROKEN = ok(b"broken", ("Cache-Control", "no-store"), status="500 Internal Server Error")


async def test_a_copy_that_cloudfront_serves_in_place_of_an_error_is_not_the_page(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A visitor gets 200; a page that CloudFront has no copy of shows which error it is."""
    monkeypatch.setattr(pages, "THERE_WITHIN", 3.0)
    origin = Changing(GOOD)
    async with serving(cloudfront(cached(policy=PAGES)), origin) as (edge, _):
        site = f"http://127.0.0.1:{edge.port('distribution')}"
        service = {"service": "web", "pages": ["/", "/other"]}
        release = Release({**SYSTEM, "site": site, "services": {"web": service}}, "new")
        earlier = await asyncio.to_thread(pages.look, release, pages.pages_of(release)[:1])
        await asyncio.sleep(1.1)
        await asyncio.to_thread(pages.require_pages, release, earlier)
        origin.reply = BROKEN
        assert (await asyncio.to_thread(pages.ask, f"{site}/")).status == 200
        with pytest.raises(ReleaseError) as refused:
            await asyncio.to_thread(pages.require_pages, release, earlier)
        first, other = str(refused.value).splitlines()
        assert first.startswith("web: GET / gives a copy from before the release, ")
        assert "web: GET /other gives a copy" in other
        fresh = await asyncio.to_thread(pages.ask, f"{site}/third")
        assert fresh.status == 500


def test_no_server_and_no_http_are_no_answer() -> None:
    gone = pages.ask(f"http://127.0.0.1:{free_port()}/")
    assert (gone.status, "Connection refused" in gone.failure) == (0, True)
    assert pages.trouble(gone).startswith("no answer: ")
    assert "unknown url type" in pages.ask("nothing").failure
