"""JSON has types: a value of another type is refused, never converted."""

from __future__ import annotations

import httpx
import pytest

ID = "8f0f5f0e-6f0c-4c53-9f4e-0d8c5b1f6a11"  # equal in every worker of the tests
START, END = "2026-01-31T09:00:00Z", "2026-01-31T10:00:00Z"
COMPONENT = {"name": "API"}
INCIDENT = {"title": "Slow", "impact": "minor", "body": "We look."}
MAINTENANCE = {"title": "Disks", "body": "New ones.", "starts_at": START, "ends_at": END}
TEXTS = (0, False, True, 1.5, [], ["x"], {}, {"x": 1})
NUMBERS = (False, True, "0", "1", 0.0, 1.0, 1e0, [], {}, "")
WORDS = (0, False, True, 1, [], {}, "", "Minor", "minor ")
TIMES = (
    0, False, True, 1_769_850_000, 1.5, "1769850000", "2026-01-31", "2026-01-31T09:00:00",
    "20260131T090000Z", "2026-01-31T09:00Z", " 2026-01-31T09:00:00Z", "2026-01-31T09:00:00Z\n", [],
    {}, "",
)  # fmt: skip
IDS = (0, False, True, "", f"urn:uuid:{ID}", f"{{{ID}}}", ID.replace("-", ""), f"{ID}\n", [], {})
LISTS = (0, False, True, "", "x", {}, {"0": ID}, ID)


def cases() -> list[tuple[str, dict[str, object]]]:
    found: list[tuple[str, dict[str, object]]] = []

    def add(path: str, body: dict[str, object], values: tuple[object, ...], *names: str) -> None:
        found.extend((path, body | {name: value}) for name in names for value in values)

    add("/components", COMPONENT, TEXTS, "name", "name_ja", "description", "description_ja")
    add("/components", COMPONENT, NUMBERS, "position")
    add("/components", COMPONENT, WORDS, "status")
    add("/incidents", INCIDENT, TEXTS, "title", "title_ja", "body", "body_ja")
    add("/incidents", INCIDENT, WORDS, "impact", "status")
    add("/incidents", INCIDENT, LISTS, "components")
    for wrong in IDS:
        found.append(("/incidents", INCIDENT | {"components": [_affected(id=wrong)]}))
        found.append(("/maintenances", MAINTENANCE | {"component_ids": [wrong]}))
    found += [("/incidents", INCIDENT | {"components": [_affected(status=w)]}) for w in WORDS]
    add("/maintenances", MAINTENANCE, TEXTS, "title", "title_ja", "body", "body_ja")
    add("/maintenances", MAINTENANCE, TIMES, "starts_at", "ends_at")
    add("/maintenances", MAINTENANCE, LISTS, "component_ids")
    add("/sessions", {"username": "admin", "password": "x"}, TEXTS, "username", "password")
    return found


def _affected(**members: object) -> dict[str, object]:
    return {"id": ID, "status": "major_outage"} | members


async def test_every_member_of_every_body_has_its_type(admin: httpx.AsyncClient):
    taken = []
    for path, body in cases():
        answer = await admin.post(path, json=body)
        if answer.status_code != 422:
            taken.append((path, body, answer.status_code))
        else:
            assert answer.json()["errors"][0]["pointer"].startswith("#/")
    assert taken == []


async def test_every_member_of_every_patch_has_its_type(admin: httpx.AsyncClient):
    component = (await admin.post("/components", json=COMPONENT)).json()
    for value in NUMBERS:
        answer = await admin.patch(f"/components/{component['id']}", json={"position": value})
        assert answer.status_code == 422, value
    maintenance = (await admin.post("/maintenances", json=MAINTENANCE)).json()
    for value in TIMES:
        answer = await admin.patch(f"/maintenances/{maintenance['id']}", json={"ends_at": value})
        assert answer.status_code == 422, value


@pytest.mark.parametrize("value", ["2_0", "20.0", "+20", " 20", "0x14", "true", "２０", "20%0a"])
async def test_a_number_in_a_query_has_only_digits(client: httpx.AsyncClient, value: str):
    assert (await client.get(f"/incidents?limit={value}")).status_code == 422
    assert (await client.get(f"/uptime?days={value}")).status_code == 422


@pytest.mark.parametrize("identifier", [f"urn:uuid:{ID}", ID.replace("-", ""), f"%7B{ID}%7D"])
async def test_a_resource_has_one_address(admin: httpx.AsyncClient, identifier: str):
    for kind in ("components", "incidents", "maintenances"):
        assert (await admin.get(f"/{kind}/{identifier}")).status_code == 422
