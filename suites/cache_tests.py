"""cache-tests (https://cache-tests.fyi), with CloudFront's cache before its server."""

from __future__ import annotations

import asyncio
import contextlib
import json
import multiprocessing
import os
import shutil
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Mapping
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import uvloop

from bonkei.base.events import Bus, Endpoint, TargetRegistered
from bonkei.blueprint import Blueprint
from bonkei.blueprint.cloudfront import (
    Behavior,
    CachePolicy,
    Distribution,
    Origin,
    OriginRequestPolicy,
    Selection,
)
from bonkei.blueprint.elbv2 import (
    Forward,
    Listener,
    LoadBalancer,
    TargetGroup,
    TargetHealthCheck,
    WeightedTarget,
)
from bonkei.services.edge import Edge, EdgeSettings
from suites.checkouts import SuiteError, needed
from suites.counts import Case, Verdict
from suites.miniature import free_ports

FOLDER = "cache-tests"
NEEDS = "a clone of http-tests/cache-tests with its packages (`npm install`), and node"
_METHODS = ("GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE")
_VERDICTS = {"✅": Verdict.PASSED, "⛔️": Verdict.FAILED}


def run(checkout: Path, _quick: bool, say: Callable[[str], None]) -> list[Case]:
    """Its server, the cache, and its client, each in a process."""
    node = shutil.which("node")
    if node is None:
        raise SuiteError("it needs node")
    needed(checkout / "node_modules" / "undici", "its packages (npm install)")
    with _server(node, checkout) as port, _cache(port) as base:
        say("running")
        done = subprocess.run(
            [node, str(Path(__file__).with_suffix(".mjs")), str(checkout), base],
            cwd=checkout, capture_output=True, text=True, check=False,
        )  # fmt: skip
    if done.returncode:
        raise SuiteError(f"its client did not run:\n{done.stderr[-2000:]}")
    return list(read(json.loads(done.stdout.splitlines()[-1])))


def read(answers: Iterable[Mapping[str, Any]]) -> Iterator[Case]:
    """Only what RFC 9111 requires can fail. What it leaves open, and what its server or another
    test spoilt, does not apply."""
    for answer in answers:
        verdict = _VERDICTS.get(answer["sign"], Verdict.NOT_APPLICABLE)
        if answer["kind"] != "required":
            verdict = Verdict.NOT_APPLICABLE
        yield Case(
            "CloudFront's cache",
            f"{answer['suite']}: {answer['id']}",
            verdict,
            json.dumps(answer.get("answer"))[:200],
        )


@contextlib.contextmanager
def _server(node: str, checkout: Path) -> Iterator[int]:
    (port,) = free_ports(1)
    with tempfile.TemporaryDirectory() as scratch:
        environment = os.environ | {
            "npm_config_protocol": "http",
            "npm_config_port": str(port),
            "npm_config_pidfile": f"{scratch}/pid",
        }
        with subprocess.Popen(
            [node, "test-engine/server/server.mjs"], cwd=checkout, env=environment,
            stdout=subprocess.DEVNULL,
        ) as server:  # fmt: skip
            try:
                _wait_for(f"http://127.0.0.1:{port}/")
                yield port
            finally:
                server.terminate()


def _wait_for(url: str) -> None:
    for _ in range(100):
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=5):  # noqa: S310
            return
        time.sleep(0.1)
    raise SuiteError("its server did not start")


@contextlib.contextmanager
def _cache(target: int) -> Iterator[str]:
    ours, theirs = multiprocessing.Pipe()
    child = multiprocessing.get_context("spawn").Process(
        target=_serve, args=(target, theirs), daemon=True
    )
    child.start()
    try:
        if not ours.poll(30):
            raise SuiteError("the edge did not become ready")
        yield f"http://127.0.0.1:{ours.recv()}"
    finally:
        child.terminate()
        child.join()


def _serve(target: int, ready: Connection) -> None:
    async def run() -> None:
        bus = Bus()
        edge = Edge(bus, EdgeSettings(distribution_port=0, load_balancer_port=0))
        await edge.start(_blueprint())
        bus.publish(TargetRegistered("arn:tg/suite", "suite", Endpoint("127.0.0.1", target)))
        while any(  # noqa: ASYNC110 - once, at the start
            each.state != "healthy"
            for group in edge.snapshot().target_groups
            for each in group.targets
        ):
            await asyncio.sleep(0.05)
        ports = {each.name: each.port for each in edge.snapshot().listeners}
        ready.send(ports["d1.cloudfront.net"])
        await asyncio.Event().wait()

    uvloop.run(run())


def _blueprint() -> Blueprint:
    """Every viewer's header and query string reaches the origin; none is stored for less than the
    response says."""
    everything = OriginRequestPolicy("all", Selection("all"), Selection("all"), Selection("all"))
    policy = CachePolicy("cached", 0, 0, 31_536_000, query_strings=Selection("all"))
    behavior = Behavior(
        "*", "alb", "allow-all", _METHODS, ("GET", "HEAD"), False, policy, everything
    )
    balancer = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/lb/1"
    forward = Forward((WeightedTarget("arn:tg/suite"),))
    listener = Listener("listener", "arn:listener", 80, "HTTP", forward, ())
    return Blueprint(
        distributions=(
            Distribution(
                address="aws_cloudfront_distribution.this",
                arn="arn:cf",
                id="E1",
                domain_name="d1.cloudfront.net",
                enabled=True,
                origins=(Origin("alb", "lb.elb"),),
                behaviors=(behavior,),
            ),
        ),
        load_balancers=(LoadBalancer("lb", balancer, "lb", "lb.elb", (listener,)),),
        target_groups=(
            TargetGroup("suite", "arn:tg/suite", "suite", 80, "HTTP", TargetHealthCheck(path="/")),
        ),
    )
