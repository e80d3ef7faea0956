"""The published contract, and the page that shows it."""

from __future__ import annotations

import re

import httpx
from fastapi import FastAPI


async def test_every_operation_is_published_with_its_errors(client: httpx.AsyncClient):
    document = (await client.get("http://test/api/openapi.json")).json()
    assert document["components"]["schemas"]["Problem"]["required"] == [
        "type", "title", "status", "detail", "request_id",
    ]  # fmt: skip
    operations = [
        (f"{method.upper()} {path}", operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    assert len(operations) == 38
    for name, operation in operations:
        assert name.split()[1].startswith("/api/v1/")
        content = operation["responses"]["default"]["content"]
        assert content["application/problem+json"]["schema"]["$ref"].endswith("/Problem"), name
        assert "422" not in operation["responses"], name
    secured = {name for name, operation in operations if "security" in operation}
    open_ = {"GET /api/v1/sessions/current", "POST /api/v1/sessions"}
    for name, _ in operations:
        changes = not name.startswith("GET")
        private = any(part in name for part in ("/drafts", "/adm", "/api-keys", "/audit"))
        assert (name in secured) is (private or changes ^ (name in open_)), name


async def test_a_patch_publishes_no_defaults(client: httpx.AsyncClient):
    document = (await client.get("http://test/api/openapi.json")).json()
    for name in ("ComponentPatch", "IncidentPatch", "MaintenancePatch"):
        schema = document["components"]["schemas"][name]
        assert "required" not in schema
        assert not [member for member in schema["properties"].values() if "default" in member]


async def test_references_lead_somewhere(app: FastAPI):
    document = app.openapi()
    names = set(re.findall(r"'#/components/schemas/(\w+)'", repr(document)))
    assert names <= document["components"]["schemas"].keys()


async def test_the_page_loads_nothing_from_other_hosts(client: httpx.AsyncClient):
    page = await client.get("http://test/api/docs")
    policy = page.headers["content-security-policy"]
    assert "script-src 'self';" in policy
    assert "unsafe-eval" not in policy
    loaded = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert [one for one in loaded if not one.startswith(("/api/docs/", "data:"))] == []
    assert "<script>" not in page.text
    for path in loaded:
        if path.startswith("/"):
            answer = await client.get(f"http://test{path}")
            assert answer.status_code == 200
            assert answer.content
