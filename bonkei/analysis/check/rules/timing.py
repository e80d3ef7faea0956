"""The order of time-outs: keep-alive above the idle time-out, Grace below stopTimeout."""

from __future__ import annotations

from collections.abc import Iterator

from bonkei.analysis.check.finding import Problem
from bonkei.analysis.check.program import keep_alive
from bonkei.analysis.check.subject import Subject, error, warning
from bonkei.blueprint.ecs import Container, TaskDefinition
from bonkei.blueprint.elbv2 import LoadBalancer

# Fluent Bit's default: "Configuration file", service section.
_DEFAULT_GRACE = 5.0


@error(
    "A program keeps idle connections for longer than the load balancer",
    "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html",
)
def keep_alive_outlasts_idle_timeout(subject: Subject) -> Iterator[Problem]:
    """The load balancer must close idle connections first. Otherwise it sends a request on a
    connection that the program has just closed, and the client gets a 502."""
    for balancer, definition, container in _targets(subject):
        kept = keep_alive(container, subject.program(container))
        if kept is not None and kept <= balancer.idle_timeout:
            yield Problem(
                definition.address,
                f"{container.name} closes an idle connection after {kept:g} s, {balancer.name}"
                f" after {balancer.idle_timeout:g} s: requests are lost in between (502)",
                f"keep connections in {container.name} for longer than {balancer.idle_timeout:g} s",
                "container_definitions",
            )


@warning(
    "The definitions show how long a program keeps idle connections",
    "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html",
)
def keep_alive_is_told(subject: Subject) -> Iterator[Problem]:
    for balancer, definition, container in _targets(subject):
        if keep_alive(container, subject.program(container)) is None:
            yield Problem(
                definition.address,
                f"nothing sets how long {container.name} keeps an idle connection, and"
                f" {balancer.name} keeps it for {balancer.idle_timeout:g} s",
                "set a time above that in the container's environment or its Dockerfile (ENV), by a"
                " variable with KEEP_ALIVE in its name that the program reads, or in its command"
                " (--timeout-keep-alive)",
                "container_definitions",
            )


def _targets(subject: Subject) -> Iterator[tuple[LoadBalancer, TaskDefinition, Container]]:
    blueprint = subject.blueprint
    for service in blueprint.services:
        definition = blueprint.task_definition(service.task_definition_arn)
        for target in service.targets:
            for container in definition.containers:
                if container.name != target.container_name:
                    continue
                for balancer in blueprint.load_balancers:
                    if target.target_group_arn in repr(balancer.listeners):
                        yield balancer, definition, container


@error(
    "CloudFront closes an idle connection before the load balancer does",
    "https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/RequestAndResponseBehaviorCustomOrigin.html",
)
def origin_lets_go_first(subject: Subject) -> Iterator[Problem]:
    """The same between CloudFront and the load balancer: the sender must close first."""
    for distribution in subject.blueprint.distributions:
        for origin in distribution.origins:
            for balancer in subject.blueprint.load_balancers:
                names = {balancer.dns_name.lower(), *balancer.aliases}
                if origin.domain_name.lower() not in names:
                    continue
                if origin.keepalive_timeout >= balancer.idle_timeout:
                    yield Problem(
                        distribution.address,
                        f"CloudFront keeps an idle connection to {balancer.name} for"
                        f" {origin.keepalive_timeout:g} s, but the load balancer closes it after"
                        f" {balancer.idle_timeout:g} s: a request on it is lost (502)",
                        "set origin_keepalive_timeout below the load balancer's idle_timeout",
                        "origin_keepalive_timeout",
                    )


@error(
    "Fluent Bit's Grace is set, and below its container's stopTimeout",
    "https://github.com/aws/aws-for-fluent-bit/blob/mainline/troubleshooting/debugging.md",
)
def router_flushes_before_it_is_killed(subject: Subject) -> Iterator[Problem]:
    for definition in subject.blueprint.task_definitions:
        for container in definition.containers:
            program = subject.program(container)
            router = program.router if program else None
            if container.firelens is None or router is None:
                continue
            if not router.grace_known:
                continue
            if router.grace is None:
                yield Problem(
                    definition.address,
                    f"{router.file.name} of {container.name} sets no Grace: after SIGTERM it"
                    f" flushes for {_DEFAULT_GRACE:g} s only",
                    "set Grace in the service section to 30 s or so, below stopTimeout",
                    "container_definitions",
                )
            elif router.grace >= container.stop_timeout:
                yield Problem(
                    definition.address,
                    f"{container.name} flushes for {router.grace:g} s after SIGTERM and is killed"
                    f" after {container.stop_timeout:g} s",
                    "set the container's stopTimeout above Grace",
                    "container_definitions",
                )


@warning(
    "A container that logs through a router waits until it is healthy",
    "https://github.com/aws/aws-for-fluent-bit/blob/mainline/troubleshooting/debugging.md",
)
def application_waits_for_its_router(subject: Subject) -> Iterator[Problem]:
    for definition in subject.blueprint.task_definitions:
        routers = [c.name for c in definition.containers if c.firelens is not None]
        for container in definition.containers:
            log = container.log_configuration
            if log is None or log.driver != "awsfirelens":
                continue
            waits = {d.container_name for d in container.depends_on if d.condition == "HEALTHY"}
            if not waits & set(routers):
                yield Problem(
                    definition.address,
                    f"{container.name} starts, and may stop, without its log router: its first"
                    " and last records can be lost",
                    'let it depend on the router with condition "HEALTHY"',
                    "container_definitions",
                )
