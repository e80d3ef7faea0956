"""The fixture `bonkei`. pytest loads this wherever Bonkei is installed, so it imports little.

"Writing plugins", https://docs.pytest.org/en/stable/how-to/writing_plugins.html
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from bonkei.testing.system import System


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addini("bonkei_config", "The bonkei.toml of the fixture `bonkei`, relative to rootdir.")


@pytest.fixture(scope="session")
def bonkei(
    pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[System]:
    """A miniature of its own for this session: from an empty home, on free ports."""
    from bonkei import config  # noqa: PLC0415 - see above
    from bonkei.testing.system import started  # noqa: PLC0415

    named = pytestconfig.getini("bonkei_config")
    file = pytestconfig.rootpath / named if named else config.find(pytestconfig.rootpath)
    with started(Path(file), tmp_path_factory.mktemp("bonkei")) as system:
        yield system
