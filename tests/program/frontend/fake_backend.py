"""The backend's HTTP API in memory, for the frontend's tests."""

from __future__ import annotations

import datetime as dt
import json
import re
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import anyio
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.program.frontend.fake_people import FakePeople
from tests.program.frontend.fake_people import problem as people_problem

Json = dict[str, Any]
Endpoint = Callable[[Request], Awaitable[Response]]

NOW = dt.datetime(2026, 11, 24, 9, 30, tzinfo=dt.UTC)
PASSWORD = "correct horse battery staple"
_PRIVATE = re.compile(r"/v1/(sessions|drafts|administrators|api-keys|audit)\b")
SEVERITY = (
    "operational", "under_maintenance", "degraded_performance", "partial_outage", "major_outage",
)  # fmt: skip
_OF_COMPONENT = dict(
    zip(SEVERITY, ("none", "maintenance", "minor", "major", "critical"), strict=True)
)
_INDICATORS = ("none", "maintenance", "minor", "major", "critical")


def stamp(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")


class FakeBackend:
    """Holds the administrator's data. `requests` has the received requests, and `trouble` makes
    the fake fail.
    """

    def __init__(self) -> None:
        self.now = NOW
        self.clock = 0.0  # the fake's own clock in seconds: only a test moves it
        self.components: dict[str, Json] = {}
        self.incidents: dict[str, Json] = {}
        self.maintenances: dict[str, Json] = {}
        self.days: dict[str, list[Json]] = {}
        self.tokens: dict[str, str] = {}
        self.password = PASSWORD
        self.requests: list[tuple[str, str]] = []
        self.headers: list[dict[str, str]] = []
        self.bodies: list[Json] = []
        self.trouble: int | None = None  # a status that every request is answered with
        self.delay = 0.0
        self.held = False  # no request is answered as long as it is
        self.refuse: Json | None = None  # the problem with which the next write is answered
        self.lose_answers = False  # writes are executed, and their answers are lost
        self.people = FakePeople()
        self._once: dict[str, tuple[Json, Json, int]] = {}  # by Idempotency-Key

    # For the set-up of tests

    def add_component(self, name: str, status: str = "operational", **members: Any) -> Json:
        component = {
            "id": str(uuid.uuid4()),
            "name": name,
            "name_ja": None,
            "description": "",
            "description_ja": None,
            "position": len(self.components),
            "status": status,
            "created_at": stamp(self.now),
            "updated_at": stamp(self.now),
        } | members
        self.components[component["id"]] = component
        return component

    def add_incident(
        self,
        title: str,
        *,
        impact: str = "major",
        affected: dict[str, str] | None = None,
        updates: tuple[tuple[str, str], ...] = (("investigating", "We are looking into it."),),
        started_at: dt.datetime | None = None,
        **members: Any,
    ) -> Json:
        started = started_at or self.now - dt.timedelta(hours=1)
        written = [
            self.make_update(status, body, at=started + dt.timedelta(minutes=20 * index))
            for index, (status, body) in enumerate(updates)
        ][::-1]
        resolved = written[0]["status"] == "resolved"
        incident = {
            "id": str(uuid.uuid4()),
            "title": title,
            "title_ja": None,
            "impact": impact,
            "status": written[0]["status"],
            "components": self._affected(affected or {}),
            "started_at": stamp(started),
            "resolved_at": written[0]["created_at"] if resolved else None,
            "updated_at": written[0]["created_at"],
            "updates": written,
        } | members
        self.incidents[incident["id"]] = incident
        return incident

    def add_maintenance(
        self, title: str, starts_at: dt.datetime, ends_at: dt.datetime, **members: Any
    ) -> Json:
        maintenance = {
            "id": str(uuid.uuid4()),
            "title": title,
            "title_ja": None,
            "body": "We will be working on it.",
            "body_ja": None,
            "starts_at": stamp(starts_at),
            "ends_at": stamp(ends_at),
            "components": [],
            "created_at": stamp(self.now),
            "updated_at": stamp(self.now),
        } | members
        self.maintenances[maintenance["id"]] = maintenance
        return maintenance

    def make_update(
        self, status: str, body: str, *, at: dt.datetime, ja: str | None = None
    ) -> Json:
        return {
            "id": str(uuid.uuid4()),
            "status": status,
            "body": body,
            "body_ja": ja,
            "created_at": stamp(at),
            "edited_at": None,
        }

    def _affected(self, statuses: dict[str, str]) -> list[Json]:
        return [
            {key: self.components[i][key] for key in ("id", "name", "name_ja")} | {"status": status}
            for i, status in statuses.items()
        ]

    # The API

    def application(self) -> Starlette:
        def route(path: str, endpoint: Endpoint, *methods: str) -> Route:
            return Route(f"/api/v1{path}", self._guard(endpoint), methods=list(methods) or ["GET"])

        return Starlette(
            routes=[
                route("/status", self._status),
                route("/uptime", self.uptime),
                route("/components", self._list_components),
                route("/components", self._create_component, "POST"),
                route("/components/{id}", self._component, "GET", "PATCH", "DELETE"),
                route("/incidents", self.list_incidents),
                route("/incidents", self._create_incident, "POST"),
                route("/incidents/{id}", self._incident, "GET", "PATCH", "DELETE"),
                route("/incidents/{id}/updates", self._post_update, "POST"),
                route("/incidents/{id}/updates/{update}", self._edit_update, "PATCH", "DELETE"),
                route("/maintenances", self._list_maintenances),
                route("/maintenances", self._create_maintenance, "POST"),
                route("/maintenances/{id}", self._maintenance, "GET", "PATCH", "DELETE"),
                route("/sessions", self._sign_in, "POST"),
                route("/sessions/current", self._session, "GET", "DELETE"),
                route("/administrators/me/password", self._change_password, "PUT"),
                *self.people.routes(route),
            ]
        )

    def _guard(self, endpoint: Endpoint) -> Endpoint:
        async def guarded(request: Request) -> Response:
            self.requests.append((request.method, request.url.path.removeprefix("/api/v1")))
            self.headers.append(dict(request.headers))
            if request.method in ("POST", "PATCH", "PUT") and await request.body():
                self.bodies.append(dict(await request.json()))
            if self.delay:
                await anyio.sleep(self.delay)
            while self.held:
                await anyio.sleep(0.01)
            if self.trouble is not None:
                return problem(self.trouble, "trouble")
            signing_in = request.method == "POST" and request.url.path.endswith("/sessions")
            if request.method != "GET" or _PRIVATE.search(request.url.path):
                if not signing_in and self._caller(request) is None:
                    return problem(401, "a valid token is needed")
                if self.refuse is not None and request.method != "GET":
                    refusal, self.refuse = self.refuse, None
                    return JSONResponse(refusal, refusal["status"])
            answer = await self._answer_once(request, endpoint)
            lost = self.lose_answers and request.method != "GET"
            return problem(503, "the answer is lost") if lost else answer

        return guarded

    async def _answer_once(self, request: Request, endpoint: Endpoint) -> Response:
        key = request.headers.get("idempotency-key")
        if key is None:
            return await endpoint(request)
        body = await request.json()
        if key in self._once:
            asked, document, status = self._once[key]
            if asked != body:
                return people_problem(422, "idempotency-key-reused")
            return JSONResponse(document, status)
        answer = await endpoint(request)
        if answer.status_code < 300:
            self._once[key] = (body, json.loads(bytes(answer.body)), answer.status_code)
        return answer

    def _caller(self, request: Request) -> str | None:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        return self.tokens.get(token)

    async def _status(self, request: Request) -> Response:
        components = self._components()
        active = [i for i in self._newest() if i["status"] != "resolved"]
        signs = [_OF_COMPONENT[c["status"]] for c in components] + [i["impact"] for i in active]
        shown = [m for m in self._all_maintenances() if m["status"] != "completed"]
        return JSONResponse(
            {
                "indicator": max(signs, key=_INDICATORS.index, default="none"),
                "updated_at": stamp(self.now),
                "components": components,
                "incidents": active,
                "maintenances": shown,
            }
        )

    async def uptime(self, request: Request) -> Response:
        count = int(request.query_params["days"])
        components = [
            {
                "component_id": c["id"],
                "name": c["name"],
                "name_ja": c["name_ja"],
                "uptime_percent": 99.987,
                "days": self.days.get(c["id"]) or days(count, self.now.date()),
            }
            for c in self._components()
        ]
        return JSONResponse({"days": count, "components": components})

    async def _list_components(self, request: Request) -> Response:
        return JSONResponse({"components": self._components()})

    async def _create_component(self, request: Request) -> Response:
        body = await request.json()
        return JSONResponse(self.add_component(**body), 201)

    async def _component(self, request: Request) -> Response:
        return await self._single(request, self.components)

    async def list_incidents(self, request: Request) -> Response:
        state = request.query_params.get("state", "all")
        limit = int(request.query_params.get("limit", "20"))
        if limit > 50:
            return problem(422, "limit is at most 50")
        found = [
            i for i in self._newest()
            if state == "all" or (state == "resolved") == (i["status"] == "resolved")
        ]  # fmt: skip
        if before := request.query_params.get("before"):
            found = [i for i in found if i["started_at"] < before]
        following = found[limit - 1]["started_at"] if len(found) > limit else None
        return JSONResponse({"incidents": found[:limit], "next": following})

    async def _create_incident(self, request: Request) -> Response:
        body = await request.json()
        status = body.get("status", "investigating")
        incident = self.add_incident(
            body["title"],
            impact=body["impact"],
            affected={one["id"]: one["status"] for one in body.get("components", [])},
            title_ja=body.get("title_ja"),
            started_at=dt.datetime.fromisoformat(body.get("occurred_at") or stamp(self.now)),
        )
        at = dt.datetime.fromisoformat(incident["started_at"])
        first = self.make_update(status, body["body"], at=at, ja=body.get("body_ja"))
        self.people.drafts.pop(body.get("draft_id", ""), None)
        incident.update(updates=[first], status=status)
        self._hold(incident)
        return JSONResponse(incident, 201)

    async def _incident(self, request: Request) -> Response:
        return await self._single(request, self.incidents)

    async def _post_update(self, request: Request) -> Response:
        body = await request.json()
        incident = self.incidents.get(request.path_params["id"])
        if incident is None:
            return problem(404, "there is no such incident")
        if request.headers.get("if-match", etag_of(incident)) != etag_of(incident):
            return problem(412, "it has changed in the meantime")
        at = dt.datetime.fromisoformat(body.get("occurred_at") or stamp(self.now))
        if incident["status"] == "resolved" and "occurred_at" not in body:
            return problem(409, "the incident is resolved")
        update = self.make_update(body["status"], body["body"], at=at, ja=body.get("body_ja"))
        incident["updates"] = [update, *incident["updates"]]
        incident.update(status=body["status"], updated_at=stamp(self.now))
        if body.get("components") is not None:
            incident["components"] = self._affected(
                {one["id"]: one["status"] for one in body["components"]}
            )
        if body["status"] == "resolved":
            incident["resolved_at"] = stamp(self.now)
        self._hold(incident)
        return JSONResponse(incident, 201)

    async def _edit_update(self, request: Request) -> Response:
        incident = self.incidents[request.path_params["id"]]
        if request.headers.get("if-match", etag_of(incident)) != etag_of(incident):
            return problem(412, "it has changed in the meantime")
        wanted = request.path_params["update"]
        if request.method == "DELETE":
            incident["updates"] = [one for one in incident["updates"] if one["id"] != wanted]
            return JSONResponse(incident)
        body = await request.json()
        if occurred := body.pop("occurred_at", None):
            body["created_at"] = occurred
        for update in incident["updates"]:
            if update["id"] == wanted:
                update.update(body, edited_at=stamp(self.now))
        return JSONResponse(incident)

    async def _list_maintenances(self, request: Request) -> Response:
        return JSONResponse({"maintenances": self._all_maintenances()})

    async def _create_maintenance(self, request: Request) -> Response:
        body = await request.json()
        chosen = body.pop("component_ids", [])
        starts, ends = (dt.datetime.fromisoformat(body.pop(k)) for k in ("starts_at", "ends_at"))
        members = body | {"components": [self.components[i] for i in chosen]}
        maintenance = self.add_maintenance(members.pop("title"), starts, ends, **members)
        return JSONResponse(self._with_status(maintenance), 201)

    async def _maintenance(self, request: Request) -> Response:
        return await self._single(request, self.maintenances, self._with_status)

    async def _sign_in(self, request: Request) -> Response:
        body = await request.json()
        if body != {"username": "admin", "password": self.password}:
            return problem(401, "the name or the password is wrong")
        token = uuid.uuid4().hex
        self.tokens[token] = body["username"]
        expires = stamp(dt.datetime.now(dt.UTC) + dt.timedelta(hours=8))
        document = {"token": token, "expires_at": expires, "device": uuid.uuid4().hex}
        return JSONResponse(document, 201)

    async def _session(self, request: Request) -> Response:
        if request.method == "DELETE":
            token = request.headers["authorization"].removeprefix("Bearer ")
            del self.tokens[token]
            return Response(status_code=204)
        expires = stamp(dt.datetime.now(dt.UTC) + dt.timedelta(hours=8))
        return JSONResponse({"username": self._caller(request), "expires_at": expires})

    async def _change_password(self, request: Request) -> Response:
        body = await request.json()
        if body["current_password"] != self.password:
            return problem(403, "the current password is wrong")
        self.password = body["new_password"]
        return Response(status_code=204)

    async def _single(
        self, request: Request, things: dict[str, Json], show: Callable[[Json], Json] = lambda x: x
    ) -> Response:
        thing = things.get(request.path_params["id"])
        if thing is None:
            return problem(404, "there is no such thing")
        etag = etag_of(thing)
        if request.headers.get("if-match", etag) != etag:
            return problem(412, "it has changed in the meantime")
        if request.method == "DELETE":
            del things[thing["id"]]
            return Response(status_code=204)
        if request.method == "PATCH":
            body = await request.json()
            if "components" in body:
                affected = {one["id"]: one["status"] for one in body["components"]}
                body["components"] = self._affected(affected)
            if "component_ids" in body:
                body["components"] = [self.components[i] for i in body.pop("component_ids")]
            thing.update(body)
        return JSONResponse(show(thing), headers={"ETag": etag})

    def _hold(self, incident: Json) -> None:
        resolved = incident["status"] == "resolved"
        for affected in incident["components"]:
            status = "operational" if resolved else affected["status"]
            self.components[affected["id"]]["status"] = status

    def _components(self) -> list[Json]:
        return sorted(self.components.values(), key=lambda c: c["position"])

    def _newest(self) -> list[Json]:
        return sorted(self.incidents.values(), key=lambda i: i["started_at"], reverse=True)

    def _all_maintenances(self) -> list[Json]:
        return [self._with_status(m) for m in self.maintenances.values()]

    def _with_status(self, maintenance: Json) -> Json:
        now = stamp(self.now)
        status = "scheduled" if now < maintenance["starts_at"] else "in_progress"
        components = [
            {key: one[key] for key in ("id", "name", "name_ja")}
            for one in maintenance["components"]
        ]
        return maintenance | {
            "status": status if now < maintenance["ends_at"] else "completed",
            "components": components,
        }


def etag_of(thing: Json) -> str:
    return f'"{hash(repr(thing)):x}"'


def problem(status: int, detail: str) -> JSONResponse:
    body = {"type": "about:blank", "title": "x", "status": status, "detail": detail}
    return JSONResponse(body | {"request_id": "0"}, status)


def days(count: int, today: dt.date, **bad: tuple[str, int]) -> list[Json]:
    """`count` good days up to today, except `d3=("major_outage", 600)` three days ago."""
    found = []
    for ago in range(count - 1, -1, -1):
        status, down = bad.get(f"d{ago}", ("operational", 0))
        found.append(
            {
                "date": (today - dt.timedelta(days=ago)).isoformat(),
                "status": status or None,
                "downtime_seconds": down,
                "uptime_percent": round(100 - down / 864, 3),
            }
        )
    return found
