"""Part of the fake backend: drafts, administrators, API keys and the audit trail."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

Json = dict[str, Any]
STAMP = "2026-11-24T09:30:00Z"


class FakePeople:
    """`route` guards an endpoint like the rest of the fake."""

    def __init__(self) -> None:
        self.administrators: dict[str, Json] = {}
        self.keys: dict[str, Json] = {}
        self.drafts: dict[str, Json] = {}
        self.records: list[Json] = []
        self.has_drafts = True  # the previous release has none
        self.add_administrator("admin")

    def add_administrator(self, name: str, **members: Any) -> Json:
        one = {
            "id": str(uuid.uuid4()),
            "username": name,
            "created_at": STAMP,
            "last_signed_in_at": None,
            "disabled_at": None,
        } | members
        self.administrators[one["id"]] = one
        return one

    def add_draft(self, title: str, **members: Any) -> Json:
        content = {
            "title": title,
            "title_ja": None,
            "impact": "major",
            "status": "investigating",
            "components": [],
            "body": "The alarm says so.",
            "body_ja": None,
            "occurred_at": None,
        } | members
        draft = {
            "id": str(uuid.uuid4()),
            "content": content,
            "created_by": "alarm",
            "created_at": STAMP,
        }
        self.drafts[draft["id"]] = draft
        return draft

    def add_key(self, name: str, *scopes: str, **members: Any) -> Json:
        key = {
            "id": str(uuid.uuid4()),
            "name": name,
            "scopes": list(scopes),
            "created_by": "admin",
            "created_at": STAMP,
            "last_used_at": None,
            "revoked_at": None,
        } | members
        self.keys[key["id"]] = key
        return key

    def add_record(self, action: str, title: str, **members: Any) -> Json:
        record = {
            "id": len(self.records) + 1,
            "at": STAMP,
            "actor": {"kind": "administrator", "name": "admin"},
            "action": action,
            "subject_id": str(uuid.uuid4()),
            "title": title,
            "before": None,
            "after": None,
        } | members
        self.records.insert(0, record)
        return record

    def routes(self, route: Callable[..., Route]) -> list[Route]:
        one = "/administrators/{id}"
        return [
            route("/drafts", self._list("drafts", self.drafts)),
            route("/drafts/{id}", self._draft, "GET", "DELETE"),
            route("/administrators", self._list("administrators", self.administrators)),
            route("/administrators", self._make, "POST"),
            route(f"{one}/disable", self._disable, "POST"),
            route(f"{one}/reset-password", self._reset, "POST"),
            route("/api-keys", self._list("keys", self.keys)),
            route("/api-keys", self._make_key, "POST"),
            route("/api-keys/{id}", self._revoke, "DELETE"),
            route("/audit", self._audit),
        ]

    def _list(self, name: str, things: dict[str, Json]) -> Callable[[Request], Any]:
        async def endpoint(_: Request) -> Response:
            if name == "drafts" and not self.has_drafts:
                return problem(404, "not-found")
            return JSONResponse({name: list(things.values())})

        return endpoint

    async def _draft(self, request: Request) -> Response:
        identifier = request.path_params["id"]
        if identifier not in self.drafts:
            return problem(404, "not-found")
        if request.method == "DELETE":
            del self.drafts[identifier]
            return Response(status_code=204)
        return JSONResponse(self.drafts[identifier])

    async def _make(self, request: Request) -> Response:
        name = (await request.json())["username"]
        if name.lower() in {one["username"].lower() for one in self.administrators.values()}:
            return problem(409, "username-taken")
        made = self.add_administrator(name)
        return JSONResponse({"administrator": made, "password": "generated-and-secret"}, 201)

    async def _disable(self, request: Request) -> Response:
        active = [one for one in self.administrators.values() if one["disabled_at"] is None]
        if len(active) == 1:
            return problem(409, "last-administrator")
        one = self.administrators[request.path_params["id"]]
        one["disabled_at"] = STAMP
        return JSONResponse(one)

    async def _reset(self, request: Request) -> Response:
        one = self.administrators[request.path_params["id"]]
        one["disabled_at"] = None
        return JSONResponse({"administrator": one, "password": "another-generated"})

    async def _make_key(self, request: Request) -> Response:
        body = await request.json()
        key = self.add_key(body["name"], *body["scopes"])
        return JSONResponse({"key": key, "token": "spk_generated-and-secret"}, 201)

    async def _revoke(self, request: Request) -> Response:
        self.keys[request.path_params["id"]]["revoked_at"] = STAMP
        return Response(status_code=204)

    async def _audit(self, request: Request) -> Response:
        limit = int(request.query_params.get("limit", "50"))
        before = int(request.query_params.get("before", "999999999"))
        found = [record for record in self.records if record["id"] < before]
        following = found[limit - 1]["id"] if len(found) > limit else None
        return JSONResponse({"records": found[:limit], "next": following})


def problem(status: int, kind: str) -> JSONResponse:
    body = {"type": f"urn:problem:{kind}", "title": "x", "status": status, "detail": kind}
    return JSONResponse(body | {"request_id": "0"}, status)
