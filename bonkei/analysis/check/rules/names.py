"""Names in task definitions: keys of secrets, services, paths of health checks."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bonkei.analysis.check.finding import Problem
from bonkei.analysis.check.subject import Subject, error, warning
from bonkei.blueprint import Blueprint
from bonkei.blueprint.ecs import Container, Service

_ECS = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide"

_URL = re.compile(r"^([a-z][a-z+]*)://(?:[^@/]*@)?([A-Za-z0-9.-]+)(?::(\d+))?(?:[/?#]|$)")
_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}
_OWN_PATH = re.compile(
    r"(?:\bGET |(?<!/dev/tcp/)(?:127\.0\.0\.1|localhost|\[::1\])(?::[^/\s]*)?)(/[^\s'\"?#,)]*)"
)


@error(
    "A secret's JSON has the key that a container reads",
    f"{_ECS}/secrets-envvar-secrets-manager.html",
)
def secret_has_the_key(subject: Subject) -> Iterator[Problem]:
    """A task with a missing key of a secret does not start (ResourceInitializationError)."""
    for definition in subject.blueprint.task_definitions:
        for container in definition.containers:
            for name, value_from in container.secrets:
                parts = value_from.split(":")
                keys = subject.secret_keys.get(":".join(parts[:7]))
                key = parts[7] if len(parts) > 7 else ""
                if keys is not None and key and key not in keys:
                    has = f"has {', '.join(sorted(keys))}" if keys else "is not a JSON object"
                    yield Problem(
                        definition.address,
                        f"{container.name} reads {name} from the key {key} of {parts[6]}, but that"
                        f" secret {has}",
                        "name an existing key, or add the key to the secret",
                        "container_definitions",
                    )


@error(
    "A service that a task calls has that name and port",
    f"{_ECS}/service-connect-concepts-deploy.html",
)
def peer_is_there(subject: Subject) -> Iterator[Problem]:
    """In a task with Service Connect, a name without a dot must be one of its names: the VPC's
    resolver has no such names."""
    blueprint = subject.blueprint
    discovered = {name for service in blueprint.services for name in service.discovery_names}
    for service in blueprint.services:
        connect = service.service_connect
        if connect is None or not connect.declared:
            continue
        names = _names(blueprint, connect.namespace)
        definition = blueprint.task_definition(service.task_definition_arn)
        for container in definition.containers:
            for variable, value in container.environment:
                match = _URL.match(value)
                host = match[2].lower() if match else ""
                is_peer = host.endswith(f".{connect.namespace}") or "." not in host
                if match is None or not is_peer or host in {"localhost", *discovered}:
                    continue
                port = int(match[3] or _PORTS.get(match[1], 0))
                if host not in names:
                    problem = f"but no service of {connect.namespace} has that name"
                elif port and port not in names[host]:
                    ports = " and ".join(map(str, sorted(names[host])))
                    problem = f"but that service listens on port {ports}, not {port}"
                else:
                    continue
                yield Problem(
                    definition.address,
                    f"{container.name} calls {host} ({variable}), {problem}",
                    "name a client alias of Service Connect, with its port",
                    "container_definitions",
                )


def _names(blueprint: Blueprint, namespace: str) -> dict[str, set[int]]:
    found: dict[str, set[int]] = {}
    for service in blueprint.services:
        connect = service.service_connect
        for endpoint in connect.endpoints if connect and connect.namespace == namespace else ():
            found.setdefault(endpoint.dns_name.lower(), set()).add(endpoint.port)
    return found


@warning(
    "The load balancer checks the same path as the container's own check",
    f"{_ECS}/troubleshoot-service-load-balancers.html",
)
def health_checks_agree(subject: Subject) -> Iterator[Problem]:
    """A wrong path shows only during the deployment: every task is stopped as unhealthy."""
    blueprint = subject.blueprint
    groups = {group.arn: group for group in blueprint.target_groups}
    for service in blueprint.services:
        for target in service.targets:
            group = groups.get(target.target_group_arn)
            container = _container(blueprint, service, target.container_name)
            own = _own_paths(container) if container else set()
            if group and group.health_check.enabled and own and group.health_check.path not in own:
                yield Problem(
                    group.address,
                    f"the load balancer asks {service.name} for {group.health_check.path}, its"
                    f" container's own check for {' and '.join(sorted(own))}",
                    "use one path that the program answers",
                    "health_check",
                )


def _container(blueprint: Blueprint, service: Service, name: str) -> Container | None:
    containers = blueprint.task_definition(service.task_definition_arn).containers
    return next((c for c in containers if c.name == name), None)


def _own_paths(container: Container) -> set[str]:
    command = container.health_check.command if container.health_check else ()
    return {path for word in command for path in _OWN_PATH.findall(word)}
