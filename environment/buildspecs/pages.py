"""Whether the pages that a release names are there, asked for as visitors do: through CloudFront.

A good health check says nothing about a page. Nor does a 200 alone: while a program answers with
errors, CloudFront serves the last good copy (`stale-if-error`). So a copy counts only if it was
made after the release began to serve. A cache says how old its copies are (RFC 9111, section 5.1).
"""

from __future__ import annotations

import http.client
import math
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass

from revisions import Release, ReleaseError

THERE_WITHIN = 20.0  # seconds; CloudFront may serve a copy for 15 while it asks for a new one
AGAIN = 2.0  # seconds between two looks
_ONE = 10.0  # seconds that a page may take


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a service."""

    service: str
    path: str


@dataclass(frozen=True, slots=True)
class Answer:
    """`age`: of a cache's copy in seconds; -1 if it is not one. `failure`: why none came."""

    status: int = 0
    size: int = 0
    age: int = -1
    failure: str = ""

    def __str__(self) -> str:
        return self.failure or str(self.status)


Looked = dict[Page, Answer]


def require_pages(
    release: Release, earlier: Looked, still_deploys: Callable[[], None] = lambda: None
) -> None:
    """Wait until all pages are there at once: a task of the earlier release may still answer one
    that it was asked. ReleaseError names those that are not there; `earlier`: the answers from
    before the release, since it is not to blame for what failed then already. `still_deploys`
    raises ReleaseError when ECS gives the release up meanwhile: a page is awaited no longer."""
    since, pages = time.monotonic(), pages_of(release)
    missing, told = dict[Page, str](), dict[Page, bool]()
    while True:
        waited = time.monotonic() - since
        found = look(release, pages)
        missing = {page: why for page, each in found.items() if (why := trouble(each, waited))}
        for page in pages:
            if told.get(page) is not (page in missing):  # ECS may go back meanwhile, by an alarm
                told[page] = page in missing
                gives = missing.get(page, found[page])
                print(f"{page.service}: GET {page.path} gives {gives}", flush=True)
        if not missing or waited >= THERE_WITHIN:
            break
        still_deploys()
        time.sleep(AGAIN)
    if missing:
        raise ReleaseError("\n  ".join(_said(page, missing[page], earlier) for page in missing))


def pages_of(release: Release) -> list[Page]:
    services = release.system["services"].values()
    return [Page(each["service"], path) for each in services for path in each["pages"]]


def look(release: Release, pages: list[Page]) -> Looked:
    """The answers of now."""
    return {page: ask(release.system["site"] + page.path) for page in pages}


def ask(url: str) -> Answer:
    """One GET."""
    try:
        with urllib.request.urlopen(url, timeout=_ONE) as answer:  # noqa: S310 - Terraform's
            age = answer.headers.get("Age", "")
            seconds = int(age) if age.isdecimal() else -1
            return Answer(answer.status, len(answer.read()), seconds)
    except urllib.error.HTTPError as error:
        return Answer(error.code)
    except (OSError, http.client.HTTPException, ValueError) as error:
        return Answer(failure=f"no answer: {error}")


def trouble(answer: Answer, serving: float = math.inf) -> str:
    """Why an answer does not show the release, which has been serving for so many seconds; or
    nothing."""
    if answer.status != http.client.OK:
        return str(answer)
    if not answer.size:
        return "200 with nothing in it"
    if answer.age + 1 > serving:
        return (
            f"a copy from before the release, {answer.age} s old: CloudFront serves such a copy "
            "while the program answers with errors"
        )
    return ""


def _said(page: Page, why: str, earlier: Looked) -> str:
    """`earlier` has nothing of a service that had no task."""
    before = earlier.get(page)
    also = (
        f"; before the release, {before}: the cause is older" if before and trouble(before) else ""
    )
    return f"{page.service}: GET {page.path} gives {why}{also}"
