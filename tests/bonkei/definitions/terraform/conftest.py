"""New projects for the tests of a module."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from evaluations import put_initialized

from tests.bonkei.definitions.terraform.project import PROVIDERS, Project

_STARTING = "test_provider_process"
"""The tests of a provider's own start."""


@pytest.fixture(scope="module", autouse=True)
def _quick_providers(request: pytest.FixtureRequest) -> None:
    if not request.module.__name__.endswith(_STARTING):
        request.getfixturevalue("forked_providers")


@pytest.fixture(scope="module")
def new_project(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Project]:
    """Make a project that has its providers and nothing else. Terraform is initialized there."""

    def make() -> Project:
        project = Project(tmp_path_factory.mktemp("project"))
        project.write("bonkei.toml", "")
        project.write("infrastructure/versions.tf", PROVIDERS)
        put_initialized(project.home, project.definitions, tmp_path_factory, "small projects")
        return project

    return make
