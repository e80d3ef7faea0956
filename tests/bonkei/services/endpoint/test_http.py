"""MiniStack's server speaks HTTP/1.1 alone, and a client that would like another one gets that."""

from __future__ import annotations

import subprocess
from pathlib import Path

import httpx
import pytest

from bonkei.services.ecs.execution.software import ensure_environment
from bonkei.services.endpoint.backing.process import LOCK
from tests.bonkei.services.endpoint.rooms import ENVIRONMENTS, Room

DATA = Path(LOCK).parent
_LOADED = """
import importlib, os, sys
sys.path.insert(0, sys.argv[1])
import ministack_http
missing = [
    f"{name}.{each}"
    for name, classes in ministack_http._NOT_LOADED.items()
    for each in classes
    if sys.argv[2] == "usual" and not hasattr(importlib.import_module(name), each)
]
if sys.argv[2] == "install":
    ministack_http.install()
import ministack.app
print(missing, "h2.connection" in sys.modules, "wsproto" in sys.modules)
"""


@pytest.mark.parametrize(
    ("way", "printed"), [("usual", "[] True True"), ("install", "[] False False")]
)
async def test_other_protocols_are_not_loaded(way: str, printed: str) -> None:
    """The names that are replaced are the server's own."""
    place = await ensure_environment((LOCK,), ENVIRONMENTS, lambda _: None)
    command = [str(place / "bin" / "python"), "-c", _LOADED, str(DATA), way]
    outcome = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True)
    assert outcome.stdout.strip() == printed


@pytest.mark.parametrize("protocol", ["h2c", "websocket"])
def test_a_client_that_offers_another_protocol_is_answered(room: Room, protocol: str) -> None:
    """As Java's client does with each request."""
    s3 = room.client("s3")
    s3.put_object(Bucket="shop", Key="offered", Body=b"plain")
    url = s3.generate_presigned_url("get_object", {"Bucket": "shop", "Key": "offered"})
    offer = {
        "Connection": "Upgrade, HTTP2-Settings",
        "Upgrade": protocol,
        "HTTP2-Settings": "AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA",
    }
    answer = httpx.get(url, headers=offer, timeout=60)
    s3.delete_object(Bucket="shop", Key="offered")
    assert (answer.status_code, answer.content) == (200, b"plain")
