"""The miniature of this project, shared by tests that do not change it."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from foreground import Running, running
from miniatures import ANSWER, PATIENCE, Project, applied_copy, removed


def pytest_itemcollected(item: pytest.Item) -> None:
    """The first test of a file may start a miniature, wait for much, and stop it."""
    if item.get_closest_marker("timeout") is None:
        item.add_marker(pytest.mark.timeout(2 * PATIENCE))


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A copy of this project."""
    folder = tmp_path_factory.mktemp("miniature")
    project = applied_copy(folder, tmp_path_factory)
    with removed(project):
        yield project


@pytest.fixture(scope="session")
def miniature(project: Project) -> Iterator[Running]:
    """Of all files that lanes.TOGETHER names. The last one stops it."""
    with running(project) as started:
        yield started


@pytest.fixture
def client(miniature: Running) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=miniature.project.site, timeout=ANSWER) as client:
        yield client
