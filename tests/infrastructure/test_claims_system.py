"""The claims of claims.toml about the system. Each test has its claim's name."""

from __future__ import annotations

from evaluations import Evaluation

from bonkei.blueprint.ec2 import Subnet
from bonkei.blueprint.elbv2 import Action, Forward, PathPattern
from bonkei.blueprint.wafv2 import ByteMatch

INTERNET = "0.0.0.0/0"


def test_cloudfront_adds_a_header(production: Evaluation, expected: str) -> None:
    (distribution,) = production.blueprint.distributions
    (load_balancer,) = production.blueprint.load_balancers
    (origin,) = distribution.origins
    assert origin.domain_name in (load_balancer.dns_name, *load_balancer.aliases)
    assert [name for name, _ in origin.headers] == [expected]
    assert {behavior.origin_id for behavior in distribution.behaviors} == {origin.id}


def test_waf_asks_for_the_header(production: Evaluation, expected: str) -> None:
    (distribution,) = production.blueprint.distributions
    (load_balancer,) = production.blueprint.load_balancers
    (acl,) = [one for one in production.blueprint.web_acls if load_balancer.arn in one.protects]
    ((name, value),) = distribution.origins[0].headers
    assert acl.scope == expected
    assert acl.protects == (load_balancer.arn,)
    assert acl.default_action.kind == "block"
    (allowing,) = [rule for rule in acl.rules if rule.action.kind == "allow"]
    assert isinstance(allowing.statement, ByteMatch)
    assert allowing.statement.field.kind == "single_header"
    assert allowing.statement.field.name == name.lower()
    assert allowing.statement.positional_constraint == "EXACTLY"
    assert allowing.statement.transformations == ("NONE",)
    assert allowing.statement.search_string == value.encode()


def test_api_goes_to_the_backend(production: Evaluation, expected: list[str]) -> None:
    (load_balancer,) = production.blueprint.load_balancers
    for listener in load_balancer.listeners:
        (rule,) = listener.rules
        assert rule.conditions == (PathPattern(tuple(expected)),)
        assert _program(production, rule.action) == "backend"


def test_the_rest_goes_to_the_frontend(production: Evaluation, expected: str) -> None:
    (load_balancer,) = production.blueprint.load_balancers
    assert load_balancer.listeners
    for listener in load_balancer.listeners:
        assert _program(production, listener.default_action) == expected


def test_two_services(production: Evaluation, expected: list[str]) -> None:
    programs = [
        target.container_name for s in production.blueprint.services for target in s.targets
    ]
    assert sorted(programs) == expected


def test_tasks_run_on_fargate(production: Evaluation, expected: str) -> None:
    services = production.values("aws_ecs_service")
    definitions = production.values("aws_ecs_task_definition")
    assert {
        strategy["capacity_provider"]
        for service in services
        for strategy in service["capacity_provider_strategy"]
    } == {expected}
    assert {tuple(found["requires_compatibilities"]) for found in definitions} == {(expected,)}


def test_tasks_are_private(production: Evaluation, expected: int) -> None:
    services = production.blueprint.services
    assert all(service.subnet_ids for service in services)
    exposed = [
        subnet
        for service in services
        for subnet in _subnets(production, service.subnet_ids)
        if subnet.routes or service.assign_public_ip
    ]
    # The route of a gateway endpoint, which leads only to S3, belongs to the endpoint.
    assert len(exposed) == expected


def test_endpoints_have_subnets_of_their_own(production: Evaluation, expected: str) -> None:
    endpoints = [e for e in production.blueprint.network.endpoints if e.kind == "Interface"]
    lying_in = {subnet for endpoint in endpoints for subnet in endpoint.subnet_ids}
    of_services = {subnet for s in production.blueprint.services for subnet in s.subnet_ids}
    assert endpoints
    assert not lying_in & of_services
    for subnet in _subnets(production, tuple(lying_in)):
        assert subnet.routes == ()
        assert _purpose(production, subnet) == expected


def test_builds_leave_through_nat(production: Evaluation, expected: str) -> None:
    projects = production.blueprint.build_projects
    gateways = {found.id: found for found in production.blueprint.network.nat_gateways}
    assert all(project.subnet_ids for project in projects)
    for project in projects:
        for subnet in _subnets(production, project.subnet_ids):
            (route,) = subnet.routes
            assert (route.destination, route.target) == (INTERNET, "nat_gateway")
            gateway = gateways[route.target_id]
            assert gateway.connectivity == expected
            (around,) = _subnets(production, (gateway.subnet_id,))
            assert [(r.destination, r.target) for r in around.routes] == [
                (INTERNET, "internet_gateway")
            ]


def _program(evaluation: Evaluation, action: Action) -> str:
    """The container behind a listener's action."""
    assert isinstance(action, Forward)
    (target,) = action.targets
    (found,) = [
        joined.container_name
        for service in evaluation.blueprint.services
        for joined in service.targets
        if joined.target_group_arn == target.target_group_arn
    ]
    return found


def _subnets(evaluation: Evaluation, ids: tuple[str, ...]) -> list[Subnet]:
    found = [evaluation.blueprint.network.subnet(subnet_id) for subnet_id in ids]
    return [subnet for subnet in found if subnet is not None]


def _purpose(evaluation: Evaluation, subnet: Subnet) -> str:
    (tags,) = [s["tags"] for s in evaluation.values("aws_subnet") if s["id"] == subnet.id]
    return str(tags["Purpose"])
