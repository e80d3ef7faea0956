"""A target behind a network that lets no one through."""

from dataclasses import replace

from bonkei.blueprint import Blueprint
from bonkei.blueprint.ec2 import Network, Subnet
from bonkei.blueprint.ec2.security_group import SecurityGroup, SecurityGroupRule
from bonkei.blueprint.ecs import Service, ServiceTarget
from bonkei.services.edge import EdgeSettings
from tests.bonkei.services.edge.definitions import balancer_only
from tests.bonkei.services.edge.support import Target, running, serving

FROM_BALANCER = SecurityGroupRule(
    "aws_vpc_security_group_ingress_rule.task", "ingress", "tcp", 8000, 8000,
    security_group_ids=("sg-alb",),
)  # fmt: skip
OUT = SecurityGroupRule(
    "aws_vpc_security_group_egress_rule.alb", "egress", "-1", -1, -1, cidr_blocks=("0.0.0.0/0",)
)


def blueprint(*rules: SecurityGroupRule) -> Blueprint:
    """A balancer and a service in one subnet, each with its own security group."""
    base = balancer_only()
    [balancer] = base.load_balancers
    subnet = Subnet("aws_subnet.a", "arn", "subnet-a", "vpc", "10.0.0.0/24", "eu-west-1a", "rtb-a")
    service = Service(
        "aws_ecs_service.web", "arn:service/web", "web", "arn:cluster", "arn:definition", 1,
        targets=(ServiceTarget("arn:tg/web", "web", 8000),),
        subnet_ids=("subnet-a",), security_group_ids=("sg-task",),
    )  # fmt: skip
    return replace(
        base,
        load_balancers=(
            replace(balancer, subnet_ids=("subnet-a",), security_group_ids=("sg-alb",)),
        ),
        services=(service,),
        network=Network(subnets=(subnet,)),
        security_groups=(
            SecurityGroup("aws_security_group.alb", "arn", "sg-alb", "alb", "vpc", (OUT,)),
            SecurityGroup("aws_security_group.task", "arn", "sg-task", "task", "vpc", rules),
        ),
    )


async def test_a_rule_is_removed_and_put_back() -> None:
    async with serving(blueprint(FROM_BALANCER)) as (edge, target):
        assert (await edge.get("/")).status == 200

        await edge.edge.apply(blueprint())
        assert edge.state("web") == "unhealthy"
        [group] = edge.edge.snapshot().target_groups
        assert group.targets[0].reason == "Target.Timeout"
        assert group.obstacle == (
            "aws_security_group.task lets nothing in from aws_security_group.alb on port 8000"
        )
        served = len(target.requests)
        assert (await edge.get("/")).status == 504
        assert len(target.requests) == served

        await edge.edge.apply(blueprint(FROM_BALANCER))
        await edge.until(lambda: edge.state("web") == "healthy")
        assert (await edge.get("/")).status == 200


async def test_a_task_that_registers_behind_a_closed_network_is_unhealthy() -> None:
    async with running(blueprint()) as edge, Target() as target:
        edge.register("web", target)
        assert edge.state("web") == "unhealthy"
        assert target.checks == 0


async def test_without_enforcement_nothing_is_closed() -> None:
    settings = EdgeSettings(enforces_network=False)
    async with serving(blueprint(), settings=settings) as (edge, _):
        assert (await edge.get("/")).status == 200
