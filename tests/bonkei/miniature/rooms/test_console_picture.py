"""The picture's figures: which arrows a request took, and that nothing is counted unseen."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest

from bonkei.blueprint import Blueprint
from bonkei.blueprint.state import Resource
from bonkei.edge.client.access import AccessHook
from bonkei.edge.snapshot import ListenerState
from bonkei.miniature.rooms.access_hooks import Requests
from bonkei.miniature.rooms.console.estate import MASKED, build, mask
from bonkei.miniature.rooms.console.flow import Flow, Rate, Way, ways
from bonkei.miniature.rooms.console.health import node_health
from bonkei.miniature.rooms.console.picture import Scenes
from tests.bonkei.console.samples import picture as sample

CDN, ACL, ALB = "aws_cloudfront_distribution.this", "aws_wafv2_web_acl.this", "aws_lb.this"
APP, WORKER = "aws_ecs_service.app", "aws_ecs_service.worker"


@pytest.fixture(scope="module")
def blueprint() -> Blueprint:
    return sample.blueprint()


@pytest.fixture
def group(blueprint: Blueprint) -> str:
    return blueprint.services[0].targets[0].target_group_arn


def test_a_request_takes_its_arrows_as_far_as_it_came(blueprint: Blueprint, group: str) -> None:
    whole = [("viewers", CDN), (CDN, ACL), (ACL, ALB), (ALB, APP)]
    assert ways(blueprint, Way(CDN, group, "", False)) == whole
    assert ways(blueprint, Way(CDN, group, "cache", False)) == whole[:1]
    assert ways(blueprint, Way(CDN, "", "firewall", False)) == whole[:2]
    assert ways(blueprint, Way(CDN, "", "", True)) == whole[:3]
    listener = blueprint.load_balancers[0].listeners[0].address
    assert ways(blueprint, Way(listener, group, "", False)) == [("viewers", ACL), *whole[2:]]
    assert ways(blueprint, Way("elsewhere", "", "", False)) == []


class Later:
    """Timers that the test lets pass."""

    def __init__(self) -> None:
        self.now = 100.0
        self.timers: list[tuple[float, Callable[[], None]]] = []

    def __call__(self, seconds: float, what: Callable[[], None]) -> None:
        self.timers.append((self.now + seconds, what))

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        due = [one for one in self.timers if one[0] <= self.now]
        self.timers = [one for one in self.timers if one[0] > self.now]
        for _, what in due:
            what()


def test_rates_are_of_the_last_seconds(blueprint: Blueprint) -> None:
    requests, later = Requests(), Later()
    flow = Flow(requests.hear, later, later.clock)
    assert flow.look(blueprint, ()) == {}
    for _ in range(10):
        for number in range(100):
            requests(sample.record(blueprint, number))
        later.sleep(1)
        found = flow.look(blueprint, ())
    assert found["viewers", CDN] == Rate(100.0, 10.0)
    assert found[CDN, ACL].requests < 100
    assert found[ALB, APP].requests < found[CDN, ACL].requests
    for _ in range(8):
        later.sleep(1)
        found = flow.look(blueprint, ())
    assert found == {}


def test_nothing_is_counted_when_nobody_looks(blueprint: Blueprint) -> None:
    requests, later = Requests(), Later()
    other: list[object] = []
    requests.hear(other.append)
    flow = Flow(requests.hear, later, later.clock)
    flow.look(blueprint, ())
    assert flow.is_listening
    later.sleep(3)
    flow.look(blueprint, ())
    later.sleep(3)
    assert flow.is_listening
    later.sleep(3)
    later.sleep(3)
    assert not flow.is_listening
    assert later.timers == []
    requests(sample.record(blueprint, 1))
    assert len(other) == 1
    flow.look(blueprint, ())
    assert flow.is_listening
    flow.stop()
    flow.stop()


def test_a_call_between_services_is_its_callers(blueprint: Blueprint) -> None:
    later = Later()

    def hear(_: AccessHook) -> Callable[[], None]:
        return lambda: None

    flow = Flow(hear, later, later.clock)

    def listener(requests: int) -> ListenerState:
        url = "http://127.77.1.2:9000"
        return ListenerState(
            "service_connect", WORKER, "worker for app", url, "", 9000, 1, requests
        )

    flow.look(blueprint, (listener(500),))
    later.sleep(2)
    assert flow.look(blueprint, (listener(520),)) == {(APP, WORKER): Rate(10.0, 0.0)}


def test_each_node_has_its_health(blueprint: Blueprint) -> None:
    found = node_health(sample.parts(blueprint))
    assert (found[APP].tone, found[APP].word) == ("warn", "1/2 healthy")
    assert found[WORKER].tone == "good"
    assert found[CDN].detail == "cache 60 %"
    assert found["aws_rds_cluster.this"].word == "available"
    assert found["aws_cloudwatch_metric_alarm.cpu"].tone == "bad"


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
