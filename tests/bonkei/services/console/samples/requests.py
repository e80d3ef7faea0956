"""Requests to a status page: served, cached, blocked, failed; one with its calls and lines."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import cast

from rows import rows_of

from bonkei.blueprint import Blueprint
from bonkei.blueprint.elbv2 import TargetGroup, TargetHealthCheck
from bonkei.miniature.console.requests import offer_requests
from bonkei.miniature.requests.explaining import RequestWorld
from bonkei.miniature.requests.recorder import Recorder
from bonkei.services.console import Console, Json
from bonkei.services.edge import AccessRecord, Edge
from bonkei.services.edge.explain import Considered, Expected, Explanation, Place, Step
from bonkei.services.edge.http.message import Request, header
from tests.bonkei.services.console.samples.world import MARKUP, Done

FRONT = "module.edge.aws_cloudfront_distribution.this"
TRACE = "Root=1-5759e988-bd862e3fe1be46a994272793"
TASK = "2fcda708bffb792fabb5800582b8eef8"
GROUPS = tuple(
    TargetGroup(
        f"aws_lb_target_group.{name}",
        f"arn:tg/{name}",
        f"statuspage-{name}",
        8000,
        "HTTP",
        TargetHealthCheck(),
    )
    for name in ("frontend", "backend")
)
HIDDEN = "s3cret-of-a-visitor"

_STEPS = (
    Step("cloudfront", "behavior", "the behavior * (the default), cache policy pages",
         Place(FRONT, "default_cache_behavior"),
         (Considered("/api/*", "passed over", "the path is /"), Considered("*", "chosen"))),
    Step("cloudfront", "cache_key", "the cache key", Place(FRONT),
         values=(("path", "/"), ("query", "token=••••"))),
    Step("web_acl", "web_acl", "origin: the rule verify allows the request",
         Place("aws_wafv2_web_acl.this"),
         (Considered("managed", "not evaluated", "count: only AWS can evaluate it"),
          Considered("verify", "chosen", "allow: the header x-origin-verify is ••••"))),
    Step("load_balancer", "rule", f"rule 10 {MARKUP}", Place("aws_lb_listener_rule.api"),
         (Considered("rule 5", "passed over", "not so: the method is POST (it is GET)"),
          Considered("rule 10", "chosen"), Considered("rule 20", "not asked"))),
    Step("target", "target", f"{TASK}: the only one", Place(GROUPS[0].address)),
)  # fmt: skip


class FakeEdge:
    def explain_request(self, listener: str, request: Request) -> Explanation | None:
        if listener != FRONT:
            return None
        return Explanation(_STEPS, Expected(targets=(TASK,), rule="arn:rule/10"))


class Load:
    """`rate`: requests that come with each look."""

    rate = 0
    looks = 0


def record(target: str, status: int = 200, **more: object) -> AccessRecord:
    headers = [header(b"Host", b"status.example.com"), header(b"Cookie", HIDDEN.encode())]
    values = {
        "seconds": 0.0123, "target_group_arn": "arn:tg/frontend", "task_id": TASK,
        "rule": "arn:rule/10", "headers": headers, **more,
    }  # fmt: skip
    return AccessRecord(
        str(values.pop("listener", FRONT)), "203.0.113.9", 40000, "GET", target,
        "status.example.com", "Firefox", status, 0, 5120, cast(float, values.pop("seconds")),
        **values,  # type: ignore[arg-type]
    )  # fmt: skip


def records() -> list[AccessRecord]:
    traced = [header(b"X-Amzn-Trace-Id", TRACE.encode())]
    blocked = {"blocked_by": "verify", "task_id": "", "target_group_arn": "", "rule": ""}
    return [
        record("/down", 503, target_group_arn="arn:tg/backend", task_id="", listener="elsewhere"),
        record("/static/style.css", cache_result="Hit", task_id="", target_group_arn="", rule=""),
        record(f"/search?q={MARKUP}&token={HIDDEN}", 404),
        record("/wp-login.php", 403, **blocked),
        record("/api/v1/components", 502, target_group_arn="arn:tg/backend", retries="1"),
        record("/api/v1/status", listener="aws_ecs_service.backend", seconds=0.004, headers=traced,
               task_id="b" * 32),
        record(f"/?token={HIDDEN}", trace_id=TRACE, seconds=0.042),
    ]  # fmt: skip


def write_logs(home: Path) -> Path:
    logs = home / "logs" / "backend"
    logs.mkdir(parents=True)
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
    line = {"message": f"GET /api/v1/status 200 {MARKUP}", "request_id": TRACE, "database_ms": 2.5}
    where = 'Traceback (most recent call last):\n  File "/app/app.py", line 3, in read\n    x()\n'
    exception = f"{where}sqlalchemy.exc.OperationalError: connection refused"
    failed = {"level": "ERROR", "message": "no answer", "exception": exception}
    lines = (f"{now} {TASK} {json.dumps(failed)}\n", f"{now} task {json.dumps(line)}\n")
    (logs / "backend.log").write_text("".join(lines))
    return home / "logs"


class Clock:
    """Everything came in the same moment, but the last one later."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


def offer(console: Console, _done: Done, home: Path) -> None:
    clock = Clock()
    recorder = Recorder(clock, is_open=True)
    clock.ahead = -100.0
    recorder.seen(rows_of(*records()[:2]))
    clock.ahead = 0.0
    recorder.seen(rows_of(*records()[2:]))
    world = RequestWorld(
        cast(Edge, FakeEdge()), lambda: Blueprint(target_groups=GROUPS), lambda _: lambda: None,
        home, home, write_logs(home),
    )  # fmt: skip
    taken: dict[str, Callable[[Mapping[str, str]], object]] = {}
    offer_requests(cast(Console, SimpleNamespace(topics=taken.update)), recorder, world)
    topic = taken.pop("requests")

    async def requests(query: Mapping[str, str]) -> Json:
        Load.looks += 1
        paths = (f"/load/{number}?at={time.time()}" for number in range(Load.rate))
        recorder.seen(
            rows_of(*(record(path, 200 if n % 9 else 500) for n, path in enumerate(paths)))
        )
        return await topic(query)  # type: ignore[misc,no-any-return]

    console.topics({"requests": requests, **taken})  # type: ignore[dict-item]
