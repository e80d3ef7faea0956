"""The search over the topics of the pages."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from bonkei.miniature.console.search import offer_search
from bonkei.services.console import Console, Json


def topics() -> dict[str, Any]:
    """More than any page shows, each as long as it may be."""
    request = {"id": 7, "method": "GET", "target": "/x" * 150, "status": 503, "ms": 1.5}
    alarm = {"name": "x", "state": "ALARM", "condition": "x" * 5_000}
    record = {"time": "", "log": "x", "level": "ERROR", "message": "x" * 600}
    resource = {"address": "x", "type": "x"}
    return {
        "requests": {"rows": [request] * 200},
        "alarms": {"alarms": [alarm] * 100},
        "logs.search": {"records": [record] * 200},
        "resource.all": [resource] * 5_000,
    }


async def hits(offered: Mapping[str, Any], text: str) -> Any:
    console = Console()

    def offer(name: str, data: Json) -> None:
        async def topic(_: Mapping[str, str]) -> Json:
            return data

        console.topics({name: topic})

    for name, data in offered.items():
        offer(name, data)
    offer_search(console)
    state = await console.state(f"search?text={text}")
    return json.loads(b"{" + state + b"}")["data"]["hits"]


async def test_an_answer_is_short_however_much_there_is() -> None:
    found = await hits(topics(), "x")
    assert found == []  # one letter is in everything
    found = await hits(topics(), "xx")
    assert [hit["page"] for hit in found] == ["requests"] * 6 + ["alarms"] * 6 + ["logs"] * 6
    assert len(json.dumps(found)) < 16_000


async def test_what_is_not_there_yet_hides_nothing_else() -> None:
    """Before Terraform has run, some topics have no answer."""
    found = await hits({"alarms": topics()["alarms"]}, "alarm")
    assert {hit["page"] for hit in found} == {"alarms"}
