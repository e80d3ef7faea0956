"""The picture's figures: requests on each arrow, health of each node, and no secret."""

from __future__ import annotations

import dataclasses
from collections import Counter

import pytest
from rows import rows_of

from bonkei.analysis.diagram import draw
from bonkei.blueprint import Blueprint
from bonkei.blueprint.elasticache import Cache
from bonkei.blueprint.state import Resource
from bonkei.miniature.console.estate import MASKED, build, mask
from bonkei.miniature.console.flow import Flow, Rate, arrows
from bonkei.miniature.console.health import node_health
from bonkei.miniature.console.picture import Scenes
from bonkei.miniature.measures.traffic import Traffic, balancer_name, group_name
from bonkei.miniature.parts.edge.access_hooks import Requests
from bonkei.services.edge import EdgeSnapshot
from bonkei.services.edge.snapshot import ListenerState
from bonkei.services.elasticache import CacheSnapshot
from tests.bonkei.services.console.samples import picture as sample

CDN, ACL, ALB = "aws_cloudfront_distribution.this", "aws_wafv2_web_acl.this", "aws_lb.this"
APP, WORKER = "aws_ecs_service.app", "aws_ecs_service.worker"


@pytest.fixture(scope="module")
def blueprint() -> Blueprint:
    return sample.blueprint()


class Traffics:
    """The monitor's counters, a clock, and the edge's counters after so many requests."""

    def __init__(self, blueprint: Blueprint) -> None:
        self.blueprint = blueprint
        self.traffic = Traffic()
        self.traffic.follow(blueprint)
        self.now = 100.0
        self.asked = 0
        self.flow = Flow(lambda: self.now)

    def second(self, requests: int = 100) -> dict[tuple[str, str], Rate]:
        """A second with so many requests, and a look at its end."""
        self.asked += requests
        self.now += 1
        for number in range(requests):
            self.traffic.seen_together(rows_of(sample.record(self.blueprint, number)))
        edge = sample.edge(self.blueprint, self.asked)
        return self.flow.look(self.blueprint, edge, self.traffic.totals())


def test_rates_are_of_the_last_seconds_on_each_arrow(blueprint: Blueprint) -> None:
    traffics = Traffics(blueprint)
    assert traffics.second() == {}
    for _ in range(9):
        found = traffics.second()
    assert found["viewers", CDN] == Rate(100.0, 10.0)
    assert found[CDN, ACL].requests == 60.0
    assert found[ACL, ALB].requests == 50.0
    assert 0 < found[ALB, APP].errors < found[ALB, APP].requests
    assert ("viewers", ACL) not in found
    for _ in range(8):
        found = traffics.second(0)
    assert found == {}


def test_the_end_of_a_minute_loses_no_request(blueprint: Blueprint) -> None:
    traffics = Traffics(blueprint)
    for _ in range(6):
        before = traffics.second()
        list(traffics.traffic.minute(traffics.now))
    assert before[ALB, APP] == traffics.second()[ALB, APP]
    assert before["viewers", CDN] == Rate(100.0, 10.0)


def test_a_listener_that_is_opened_anew_has_no_negative_rate(blueprint: Blueprint) -> None:
    traffics = Traffics(blueprint)
    traffics.second()
    traffics.second()
    traffics.asked = 0
    found = traffics.second(0)
    assert all(rate.requests >= 0 for rate in found.values())
    assert ("viewers", CDN) not in found


def test_who_does_not_come_by_cloudfront_comes_directly(blueprint: Blueprint) -> None:
    listener = blueprint.load_balancers[0].listeners[0].address
    counts = Counter({("listener", listener, ""): 7, ("allowed", ACL): 2, ("blocked", ACL): 8})
    found = {arrow: (n, errors) for arrow, n, errors in arrows(blueprint, counts)}
    assert found["viewers", ACL] == (7, 0)
    assert found[CDN, ACL] == (3, 0)
    assert found[ACL, ALB] == (2, 0)


def test_what_a_target_does_not_answer_is_an_error(blueprint: Blueprint) -> None:
    """A balancer's own 502 has a target group, and no code of a target."""
    balancer = balancer_name(blueprint.load_balancers[0].arn)
    group = group_name(blueprint.services[0].targets[0].target_group_arn)
    key = ("answers", balancer, group)
    counts = Counter(
        {
            (*key, "RequestCount"): 10,
            (*key, "HTTPCode_Target_2XX_Count"): 6,
            (*key, "HTTPCode_Target_5XX_Count"): 1,
        }
    )
    found = {arrow: (n, errors) for arrow, n, errors in arrows(blueprint, counts)}
    assert found[ALB, APP] == (10, 4)


def test_a_call_between_services_is_its_callers(blueprint: Blueprint) -> None:
    def listener(requests: int) -> EdgeSnapshot:
        url = "http://127.77.1.2:9000"
        kind, name = "service_connect", "worker for app"
        return EdgeSnapshot((ListenerState(kind, WORKER, name, url, "", 9000, 1, requests),))

    clock = iter((10.0, 12.0))
    flow = Flow(lambda: next(clock))
    flow.look(blueprint, listener(500), Traffic().totals())
    found = flow.look(blueprint, listener(520), Traffic().totals())
    assert found == {(APP, WORKER): Rate(10.0, 0.0)}


def test_who_heard_requests_can_stop_hearing(blueprint: Blueprint) -> None:
    requests, heard, others = Requests(), list[object](), list[object]()
    undo = requests.hear(heard.append)
    requests.hear(others.append)
    requests(rows_of(sample.record(blueprint, 1)))
    undo()
    undo()
    requests(rows_of(sample.record(blueprint, 2)))
    assert (len(heard), len(others)) == (1, 2)


def test_each_node_has_its_health(blueprint: Blueprint) -> None:
    found = node_health(sample.parts(blueprint))
    assert (found[APP].tone, found[APP].word) == ("warn", "1/2 healthy")
    assert found[WORKER].tone == "good"
    assert found[CDN].detail == "cache 60 %"
    assert found["aws_rds_cluster.this"].word == "available"
    assert found["aws_cloudwatch_metric_alarm.cpu"].tone == "bad"


def test_a_cache_is_in_the_picture_with_its_health(blueprint: Blueprint) -> None:
    host = "sessions.abc.euw1.cache.amazonaws.com"
    cache = Cache("aws_elasticache_cluster.this", "arn", "sessions", "redis", 6379, (host,))
    app = blueprint.task_definitions[0]
    named = dataclasses.replace(
        app, containers=tuple(
            dataclasses.replace(one, environment=(("CACHE", f"redis://{host}"),))
            for one in app.containers
        ),
    )  # fmt: skip
    with_cache = dataclasses.replace(
        blueprint, caches=(cache,), task_definitions=(named, *blueprint.task_definitions[1:])
    )
    [system] = [one for one in draw(with_cache) if one.name == "system"]
    [node] = [one for one in system.nodes if one.id == cache.address]
    assert (node.title, node.lines) == ("sessions", ("Redis cache",))
    users = [arrow.label for arrow in system.arrows if arrow.target == cache.address]
    assert users == ["TCP 6379"]

    parts = sample.parts(with_cache)
    assert node_health(parts)[cache.address].word == "starting"
    server = CacheSnapshot("sessions", "available", "Redis 8.0.2", "127.77.1.1:6379", 1, 2**21)
    found = node_health(dataclasses.replace(parts, caches=lambda: [server]))[cache.address]
    assert (found.tone, found.word, found.detail) == ("good", "available", "2 MiB")


def test_pictures_are_drawn_once_for_a_blueprint(blueprint: Blueprint) -> None:
    scenes = Scenes()
    first = scenes.of(blueprint)
    assert scenes.of(blueprint) is first
    again = scenes.of(dataclasses.replace(blueprint))
    assert again is not first
    assert again == first
    assert {"system", "logging", "monitoring"} <= set(first)


def resource(kind: str, address: str = "", **values: object) -> Resource:
    return Resource(address or f"{kind}.this", values, type=kind)


SECRET = "s3cret-Value-of-28-letters"
ARN = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:app/password-a1B2c3"


def test_a_secret_is_masked_wherever_it_stands() -> None:
    found = build(
        [
            resource("random_password", result=SECRET, length=28),
            resource("aws_cloudfront_distribution", origin=[{"header": f"x={SECRET}"}]),
            resource("aws_secretsmanager_secret_version", secret_string='{"password": "other"}'),
            resource("aws_ssm_parameter", type="SecureString", value="hidden!", name="/app"),
            resource("aws_rds_cluster", master_password="pw", port=5432, master_password_wo=None),
            resource(
                "aws_ecs_task_definition", container_definitions=f'[{{"valueFrom": "{ARN}"}}]'
            ),
        ],
        ['{"username": "application", "password": "from-the-vault"}', "plain-from-the-vault"],
    )
    shown = {address: dict(found.values(address)) for address in found.resources}
    text = str(shown)
    for secret in (SECRET, "other", "hidden!", '"pw"'):
        assert secret not in text
    assert shown["aws_rds_cluster.this"] == {
        "master_password": MASKED,
        "master_password_wo": None,
        "port": 5432,
    }
    assert shown["aws_cloudfront_distribution.this"]["origin"] == [{"header": f"x={MASKED}"}]
    assert ARN in text
    assert mask("url", "postgres://u:from-the-vault@h", found.secrets) == f"postgres://u:{MASKED}@h"
    assert mask("name", "application", found.secrets) == "application"


def test_what_names_what() -> None:
    arn = "arn:aws:iam::123456789012:role/app"
    found = build(
        [
            resource("aws_iam_role", arn=arn, id="app"),
            resource("aws_ecs_service", role=arn),
            resource("aws_s3_bucket", id="long-bucket-name", arn="arn:aws:s3:::long-bucket-name"),
            resource(
                "aws_iam_role_policy",
                policy='{"Resource": ["arn:aws:s3:::long-bucket-name/*"]}',
                role="app",
            ),
        ],
        [],
    )
    assert found.uses["aws_ecs_service.this"] == ("aws_iam_role.this",)
    assert found.used_by["aws_iam_role.this"] == ("aws_ecs_service.this",)
    assert found.uses["aws_iam_role_policy.this"] == ("aws_s3_bucket.this",)
