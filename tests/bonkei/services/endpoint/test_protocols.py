"""MiniStack knows the protocols of its services without botocore."""

from __future__ import annotations

import runpy
import subprocess
from pathlib import Path

import botocore.session
import pytest

from bonkei.services.ecs.execution.software import ensure_environment
from bonkei.services.endpoint.backing.process import LOCK
from bonkei.services.endpoint.services import BACKED
from tests.bonkei.services.endpoint.rooms import ENVIRONMENTS

DATA = Path(LOCK).parent
_NAMED = """
import sys
sys.path.insert(0, sys.argv[1])
import ministack_protocols
from ministack.core import responses
if sys.argv[2] == "install":
    ministack_protocols.install()
for name in sys.argv[3:]:
    for kind in ("application/json", "application/xml", "text/xml", "text/plain"):
        print(name, kind, responses.expected_success_content_type(name, kind),
              responses.expected_error_content_type(name, kind))
print("botocore" in sys.modules)
"""


@pytest.fixture(scope="module")
def protocols() -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = runpy.run_path(str(DATA / "ministack_protocols.py"))[
        "PROTOCOLS"
    ]
    return found


def test_they_are_those_of_the_models(protocols: dict[str, dict[str, str]]) -> None:
    assert protocols.keys() == BACKED | {"dynamodbstreams"}
    session = botocore.session.get_session()
    for name, given in protocols.items():
        metadata = session.get_service_model(name).metadata
        assert given == {key: metadata[key] for key in given}
        assert ("jsonVersion" in metadata) == ("jsonVersion" in given)


async def test_answers_have_the_same_types_without_botocore(
    protocols: dict[str, dict[str, str]],
) -> None:
    """The names that `install` replaces are MiniStack's own."""
    place = await ensure_environment((LOCK,), ENVIRONMENTS, lambda _: None)
    program = str(place / "bin" / "python")

    def named(way: str) -> list[str]:
        command = [program, "-c", _NAMED, str(DATA), way, *sorted(protocols)]
        outcome = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True)
        return outcome.stdout.splitlines()

    *ours, loaded = named("install")
    *usual, loaded_before = named("leave")
    assert ours == usual
    assert (loaded, loaded_before) == ("False", "True")
