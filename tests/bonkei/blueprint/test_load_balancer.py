from __future__ import annotations

from typing import Any

import pytest

from bonkei.blueprint import BlueprintError
from bonkei.blueprint.elbv2 import (
    FixedResponse,
    Forward,
    HostHeader,
    HttpHeader,
    HttpRequestMethod,
    PathPattern,
    QueryString,
    Redirect,
    SourceIp,
    WeightedTarget,
)

LB = {
    "arn": "lb",
    "name": "front",
    "dns_name": "front-1.eu-west-1.elb.amazonaws.com",
    "load_balancer_type": "application",
    "internal": False,
    "idle_timeout": 60,
    "client_keep_alive": 3600,
}


def listener(**overrides: Any) -> dict[str, Any]:
    return {
        "arn": "listener",
        "load_balancer_arn": "lb",
        "port": 80,
        "protocol": "HTTP",
        "default_action": [forward("web")],
        **overrides,
    }


def forward(arn: str) -> dict[str, Any]:
    return {
        "type": "forward",
        "order": 1,
        "target_group_arn": arn,
        "forward": [],
        "redirect": [],
        "fixed_response": [],
    }


def rule(priority: int, *conditions: dict[str, Any], **overrides: Any) -> dict[str, Any]:
    return {
        "arn": f"rule-{priority}",
        "listener_arn": "listener",
        "priority": priority,
        "condition": list(conditions),
        "action": [forward("api")],
        **overrides,
    }


def path(*values: str) -> dict[str, Any]:
    """A condition as the state has it: the unused kinds are empty."""
    return {"path_pattern": [{"values": list(values)}], "host_header": [], "query_string": []}


def test_listeners_and_rules_belong_to_their_load_balancer(blueprint) -> None:
    found = blueprint(
        {
            "aws_lb.this": LB,
            "aws_lb.other": {**LB, "arn": "other"},
            "aws_lb_listener.https": listener(arn="second", port=443, protocol="HTTPS"),
            "aws_lb_listener.http": listener(),
        },
        {
            "module.b.aws_lb_listener_rule.this[10]": rule(20, path("/x")),
            "module.b.aws_lb_listener_rule.this[2]": rule(5, path("/api/*", "/api")),
        },
    )
    assert [lb.arn for lb in found.load_balancers] == ["other", "lb"]
    assert found.load_balancers[0].listeners == ()
    http, https = found.load_balancers[1].listeners
    assert (http.port, https.port, https.protocol) == (80, 443, "HTTPS")
    assert [r.priority for r in http.rules] == [5, 20]
    assert http.rules[0].conditions == (PathPattern(("/api", "/api/*")),)
    assert http.default_action == Forward((WeightedTarget("web"),))


def test_two_resources_that_are_one_listener_are_read_once(blueprint) -> None:
    """CreateListener returns the existing listener to everyone who asks for the same settings."""
    found = blueprint(
        {
            "aws_lb.this": LB,
            "aws_lb_listener.a": listener(),
            "aws_lb_listener.b": listener(),
            "aws_lb_listener_rule.r": rule(1, path("/x")),
        }
    )
    (only,) = found.load_balancers[0].listeners
    assert len(only.rules) == 1


def test_every_condition_is_read(blueprint) -> None:
    conditions = (
        {"host_header": [{"values": ["a.example.com"]}]},
        {"http_header": [{"http_header_name": "X-A", "values": ["1*"]}]},
        {"http_request_method": [{"values": ["GET"]}]},
        {"source_ip": [{"values": ["10.0.0.0/8"]}]},
        {"query_string": [{"key": "v", "value": "2"}, {"key": None, "value": "beta"}]},
        path("/a"),
    )
    found = blueprint(
        {
            "aws_lb.this": LB,
            "aws_lb_listener.http": listener(),
            "aws_lb_listener_rule.all": rule(1, *conditions),
            "aws_lb_listener_rule.reversed": rule(2, *reversed(conditions)),
        }
    )
    first, second = found.load_balancers[0].listeners[0].rules
    assert set(first.conditions) == {
        HostHeader(("a.example.com",)),
        HttpHeader("X-A", ("1*",)),
        HttpRequestMethod(("GET",)),
        SourceIp(("10.0.0.0/8",)),
        QueryString((("", "beta"), ("v", "2"))),
        PathPattern(("/a",)),
    }
    assert first.conditions == second.conditions


def test_actions(blueprint) -> None:
    weighted = {
        "type": "forward",
        "target_group_arn": None,
        "forward": [
            {
                "stickiness": [{"enabled": True, "duration": 600}],
                "target_group": [{"arn": "b", "weight": 0}, {"arn": "a", "weight": 9}],
            }
        ],
    }
    redirect = {
        "type": "redirect",
        "redirect": [{"status_code": "HTTP_301", "protocol": "HTTPS", "port": "443"}],
    }
    fixed = {
        "type": "fixed-response",
        "fixed_response": [
            {"status_code": "403", "content_type": "text/plain", "message_body": "no"}
        ],
    }
    found = (
        blueprint(
            {
                "aws_lb.this": LB,
                "aws_lb_listener.http": listener(default_action=[redirect]),
                "aws_lb_listener_rule.a": rule(1, path("/a"), action=[weighted]),
                "aws_lb_listener_rule.b": rule(2, path("/b"), action=[fixed]),
            }
        )
        .load_balancers[0]
        .listeners[0]
    )
    assert found.default_action == Redirect(301, protocol="HTTPS", port="443")
    assert found.rules[0].action == Forward((WeightedTarget("a", 9), WeightedTarget("b", 0)), 600)
    assert found.rules[1].action == FixedResponse(403, "text/plain", "no")


def test_authentication_actions_are_noted_and_skipped(blueprint) -> None:
    sign_in = {"type": "authenticate-oidc", "order": 1, "authenticate_oidc": [{"issuer": "x"}]}
    found = blueprint(
        {
            "aws_lb.this": LB,
            "aws_lb_listener.http": listener(
                default_action=[{**forward("web"), "order": 2}, sign_in]
            ),
        }
    )
    assert found.load_balancers[0].listeners[0].default_action == Forward((WeightedTarget("web"),))
    assert [(n.kind, n.address) for n in found.not_simulated] == [
        ("aws_lb_listener.default_action.authenticate-oidc", "aws_lb_listener.http")
    ]


def test_a_rule_by_regular_expression_is_left_out_and_noted(blueprint) -> None:
    regex = {"path_pattern": [{"values": None, "regex_values": ["^/v[0-9]/"]}]}
    found = blueprint(
        {
            "aws_lb.this": LB,
            "aws_lb_listener.http": listener(),
            "aws_lb_listener_rule.regex": rule(1, regex),
        }
    )
    assert found.load_balancers[0].listeners[0].rules == ()
    assert [(n.kind, n.address) for n in found.not_simulated] == [
        ("aws_lb_listener_rule", "aws_lb_listener_rule.regex")
    ]


def test_a_network_load_balancer_is_noted(blueprint) -> None:
    found = blueprint({"aws_lb.this": {**LB, "load_balancer_type": "network"}})
    assert found.load_balancers == ()
    assert found.not_simulated[0].address == "aws_lb.this"


@pytest.mark.parametrize("kind", ["aws_lb", "aws_alb"])
@pytest.mark.parametrize("mode", ["monitor", "defensive", "strictest"])
def test_the_desync_mitigation_mode_is_noted(blueprint, kind, mode) -> None:
    """Malformed requests are refused in every mode. The strictest mode would refuse more."""
    found = blueprint({f"{kind}.this": {**LB, "desync_mitigation_mode": mode}})
    assert found.load_balancers[0].desync_mitigation_mode == mode
    (missing,) = found.not_simulated
    assert (missing.kind, missing.address) == (f"{kind}.desync_mitigation_mode", f"{kind}.this")
    assert ("Content-Length" in missing.reason) is (mode == "strictest")


def test_dns_records_that_lead_to_it_are_its_aliases(blueprint) -> None:
    found = blueprint(
        {
            "aws_lb.this": LB,
            "aws_route53_record.alias": {
                "name": "origin",
                "fqdn": "Origin.example.com",
                "type": "A",
                "alias": [{"name": f"dualstack.{LB['dns_name']}."}],
                "records": None,
            },
            "aws_route53_record.cname": {
                "name": "www.example.com",
                "type": "CNAME",
                "alias": [],
                "records": [LB["dns_name"]],
            },
            "aws_route53_record.other": {"name": "a", "type": "A", "records": ["10.0.0.1"]},
        }
    )
    assert found.load_balancers[0].aliases == ("origin.example.com", "www.example.com")


TARGET_GROUP = {
    "arn": "web",
    "name": "web",
    "port": 8000,
    "protocol": "HTTP",
    "target_type": "ip",
    "protocol_version": "HTTP1",
    "deregistration_delay": "30",
    "slow_start": 0,
    "load_balancing_algorithm_type": "round_robin",
    "stickiness": [{"type": "lb_cookie", "enabled": False, "cookie_duration": 86400}],
    "health_check": [
        {
            "path": "/health",
            "port": "traffic-port",
            "protocol": "HTTP",
            "interval": 10,
            "timeout": 4,
            "healthy_threshold": 2,
            "unhealthy_threshold": 3,
            "matcher": "200-299",
            "enabled": True,
        }
    ],
}


def test_a_target_group_has_its_health_check(blueprint) -> None:
    found = blueprint({"aws_lb_target_group.web": TARGET_GROUP}).target_groups[0]
    assert (found.deregistration_delay, found.stickiness, found.slow_start) == (30, 0, 0)
    check = found.health_check
    assert (check.path, check.interval, check.timeout, check.matcher) == (
        "/health",
        10,
        4,
        "200-299",
    )
    assert (check.healthy_threshold, check.unhealthy_threshold) == (2, 3)


def test_without_a_health_check_elbs_defaults_hold(blueprint) -> None:
    """Health checks for Application Load Balancer target groups: HealthCheckPath /, interval 30,
    time-out 5, thresholds 5 and 2, matcher 200."""
    found = blueprint({"aws_lb_target_group.web": {**TARGET_GROUP, "health_check": []}})
    check = found.target_groups[0].health_check
    assert (check.path, check.interval, check.timeout, check.matcher) == ("/", 30, 5, "200")
    assert (check.healthy_threshold, check.unhealthy_threshold) == (5, 2)


def test_slow_start_is_noted(blueprint) -> None:
    found = blueprint({"aws_lb_target_group.web": {**TARGET_GROUP, "slow_start": 60}})
    assert found.target_groups[0].slow_start == 60
    assert found.not_simulated[0].kind == "aws_lb_target_group.slow_start"


def test_target_settings_that_one_machine_cannot_have_are_noted(blueprint) -> None:
    def kinds(port: str, protocol: str) -> list[str]:
        check = [{"port": port, "protocol": protocol}]
        group = {**TARGET_GROUP, "protocol": protocol, "health_check": check}
        found = blueprint({"aws_lb_target_group.web": group})
        return [n.kind.removeprefix("aws_lb_target_group.") for n in found.not_simulated]

    assert kinds("traffic-port", "HTTP") == []
    assert kinds("9000", "HTTPS") == ["health_check.port", "health_check.protocol", "protocol"]


@pytest.mark.parametrize(
    "overrides", [{"target_type": "lambda", "protocol": None}, {"protocol": "TCP"}]
)
def test_target_groups_of_other_kinds_are_noted(blueprint, overrides) -> None:
    found = blueprint({"aws_lb_target_group.web": {**TARGET_GROUP, **overrides}})
    assert found.target_groups == ()
    assert found.not_simulated[0].address == "aws_lb_target_group.web"


@pytest.mark.parametrize(
    ("overrides", "attribute"),
    [
        ({"condition": []}, "condition"),
        (
            {"condition": [{"path_pattern": [{"values": []}]}]},
            "condition[0].path_pattern[0].values",
        ),
        ({"action": []}, "action"),
        ({"action": [{"type": "redirect", "redirect": []}]}, "action[0].redirect"),
        ({"priority": None}, "priority"),
        ({"priority": 1.5}, "priority"),
    ],
)
def test_a_malformed_rule_is_reported(blueprint, overrides, attribute) -> None:
    with pytest.raises(BlueprintError) as caught:
        blueprint(
            {
                "aws_lb.this": LB,
                "aws_lb_listener.http": listener(),
                "aws_lb_listener_rule.r": {**rule(1, path("/a")), **overrides},
            }
        )
    assert (caught.value.address, caught.value.attribute) == ("aws_lb_listener_rule.r", attribute)
