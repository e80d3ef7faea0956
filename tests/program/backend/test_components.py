from __future__ import annotations

import httpx


async def test_a_component_is_made_and_shown(admin: httpx.AsyncClient, client: httpx.AsyncClient):
    made = await admin.post("/components", json={"name": "  API ", "name_ja": "エーピーアイ"})
    assert made.status_code == 201
    component = made.json()
    assert component["name"] == "API"
    assert component["status"] == "operational"
    assert made.headers["location"] == f"/api/v1/components/{component['id']}"

    shown = await client.get("/components")
    assert shown.json()["components"] == [component]
    assert (await client.get(f"/components/{component['id']}")).json() == component
