"""The start of the tests, whichever way they were started."""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from costs import Costs
from first_imports import import_tests
from hypothesis import HealthCheck, settings
from lanes import Lanes
from leaks import Leaks
from reports import Reports
from warm_provider import Forking, WarmProvider, can_fork

# As in the Makefile: `pytest` may be called without `make`, and workers get this environment.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

_PROFILE = "any machine"
settings.register_profile(
    _PROFILE, settings.default, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile(_PROFILE)  # a busy machine must not fail a test


def pytest_configure(config: pytest.Config) -> None:
    """Make Ctrl-C work for the tests and for their children.

    A shell without job control starts background commands with SIGINT ignored, and every process
    below inherits that.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    config.pluginmanager.register(Costs())
    config.pluginmanager.register(Leaks())
    if hasattr(config, "workerinput"):  # of xdist
        config.pluginmanager.register(Reports())
    gc.disable()  # until all tests are collected: nothing of them is garbage


def pytest_collection(session: pytest.Session) -> None:
    """Share what is not compiled yet between the workers."""
    import_tests(session.config)


def pytest_collection_finish() -> None:
    """Leave ten thousand tests and their modules out of every later search for garbage."""
    gc.freeze()
    gc.enable()


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Lanes:
    """The order in which workers take files."""
    return Lanes(config, log)


@pytest.fixture(scope="session")
def warm_provider() -> Iterator[WarmProvider]:
    with WarmProvider() as warm:
        yield warm


@pytest.fixture(scope="session")
def forking(request: pytest.FixtureRequest) -> Forking:
    """A context in which providers are forked, where the system can say that they end."""

    @contextlib.contextmanager
    def context() -> Iterator[None]:
        with pytest.MonkeyPatch.context() as patch:
            if can_fork():
                request.getfixturevalue("warm_provider").replace_starts(patch)
            yield

    return context


@pytest.fixture(scope="module")
def forked_providers(forking: Forking) -> Iterator[None]:
    """The providers of a module's tests are forked."""
    with forking():
        yield
