"""A release, and an account that it changes without waiting."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import pages
import pytest
import rollout
import services
from release import Release

from tests.environment.releases.account import SYSTEM, Account


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rollout, "POLL", 0.0)
    monkeypatch.setattr(services, "SOON", 0.0)
    monkeypatch.setattr(rollout, "WATCH", 0.0)


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Account:
    made = Account()
    monkeypatch.setattr(pages, "ask", made.ask)
    return made


@pytest.fixture
def release() -> Release:
    return Release(SYSTEM, "new")


@dataclass
class Clock:
    """The times and the sleep of the stages. A sleep only moves it on."""

    moment: float = 1000.0
    slept: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.moment += seconds

    def now(self) -> float:
        return self.moment


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(rollout, "POLL", 5.0)
    monkeypatch.setattr(services, "SOON", 5.0)
    monkeypatch.setattr(rollout, "WATCH", 15.0)
    monkeypatch.setattr(time, "sleep", made.sleep)
    for name in ("time", "monotonic"):
        monkeypatch.setattr(time, name, made.now)
    return made
