"""`container_definitions`: checks and compares the JSON document as ECS does.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bonkei.blueprint.ecs.container import in_api_spelling
from bonkei.definitions.provider.aws.ecs.container_schema import (
    CONTAINER,
    shape_faults,
    unknown_keys,
)
from bonkei.definitions.provider.aws.shared.documents import parse

_NAME = re.compile(r"[a-zA-Z0-9_-]{1,255}")
_SECRET = re.compile(
    r"arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:[^:]+(:[^:]*:[^:]*:[^:]*)?"
)
_PARAMETER = re.compile(r"arn:aws[a-z-]*:ssm:[a-z0-9-]+:\d{12}:parameter/.+|[a-zA-Z0-9_./-]+")
_CONDITIONS = ("START", "COMPLETE", "SUCCESS", "HEALTHY")
_FARGATE_LOG_DRIVERS = ("awslogs", "splunk", "awsfirelens")
_ROUTER_OPTIONS = {"enable-ecs-log-metadata", "config-file-type", "config-file-value"}
_HEALTH_CHECK_RANGES = {
    "interval": (5, 300),
    "timeout": (2, 120),
    "retries": (1, 10),
    "startPeriod": (0, 300),
}
_FARGATE_STOP_TIMEOUT = 120


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Values of the rest of the task definition. They are None if not known yet."""

    network_mode: str | None = None
    fargate: bool = False
    memory: int | None = None
    cpu: int | None = None
    volumes: frozenset[str] | None = None
    has_execution_role: bool | None = None


def faults(text: str, task: Surroundings) -> Iterator[str]:
    """All faults of the document. Each begins with its place."""
    document, wrong = parse(text)
    if wrong:
        yield wrong
        return
    if not isinstance(document, list):
        yield "Expected a JSON list of container definitions; wrap it in [ … ]."
        return
    if None in document:
        yield "A container definition in the list is null."
        return
    document = in_api_spelling(document)
    if not document:
        yield "There is no container in the list."
        return
    shapes = [
        fault
        for index, container in enumerate(document)
        for fault in shape_faults(container, CONTAINER, _place(index, container))
    ]
    if shapes:
        yield from shapes
        return
    yield from _together(document, task)
    for index, container in enumerate(document):
        for fault in _one(container, document, task):
            yield f"{_place(index, container)}: {fault}"


def ignored(text: str) -> Iterator[str]:
    """The keys that the AWS provider drops, because ECS does not know them."""
    document = in_api_spelling(parse(text)[0])
    for index, container in enumerate(document if isinstance(document, list) else ()):
        yield from unknown_keys(container, CONTAINER, _place(index, container))


def _place(index: int, container: Any) -> str:
    name = container.get("name") if isinstance(container, dict) else None
    return f'container "{name}"' if isinstance(name, str) else f"container {index + 1}"


def _together(containers: Sequence[Mapping[str, Any]], task: Surroundings) -> Iterator[str]:
    names = [container.get("name") for container in containers]
    for name in dict.fromkeys(name for name in names if name and names.count(name) > 1):
        yield f'Two containers have the name "{name}".'
    if not any(container.get("essential", True) for container in containers):
        yield "At least one container must be essential."
    # ECS refuses containers whose CPU together exceeds the task's. It compares each memory limit
    # alone.
    used = sum(container.get("cpu") or 0 for container in containers)
    if task.cpu is not None and used > task.cpu:
        yield f"The containers' cpu ({used}) is more than the task's ({task.cpu})."
    ports = [
        (mapping.get("containerPort"), mapping.get("protocol", "tcp"))
        for container in containers
        for mapping in container.get("portMappings") or ()
    ]
    for port, protocol in dict.fromkeys(p for p in ports if ports.count(p) > 1):
        if task.network_mode == "awsvpc":
            yield f"Two containers of one task cannot both have port {port}/{protocol}."
    routers = [container for container in containers if container.get("firelensConfiguration")]
    if len(routers) > 1:
        yield "A task has at most one container with a firelensConfiguration."
    names_of_ports = [
        mapping.get("name")
        for container in containers
        for mapping in container.get("portMappings") or ()
        if mapping.get("name")
    ]
    for name in dict.fromkeys(n for n in names_of_ports if names_of_ports.count(n) > 1):
        yield f'Two port mappings have the name "{name}".'
    yield from _cycle(containers)


def _cycle(containers: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    waits = {
        container.get("name"): {
            each.get("containerName") for each in container.get("dependsOn") or ()
        }
        for container in containers
    }
    ready: set[Any] = set()
    while waits:
        startable = [name for name, needed in waits.items() if not (needed & waits.keys()) - ready]
        if not startable:
            listed = ", ".join(sorted(map(str, waits)))
            yield f"dependsOn goes round in a circle: {listed}."
            return
        for name in startable:
            ready.add(name)
            del waits[name]


def _one(
    container: Mapping[str, Any], all_: Sequence[Mapping[str, Any]], task: Surroundings
) -> Iterator[str]:
    name, image = container.get("name"), container.get("image")
    if not name:
        yield '"name" is missing.'
    elif not _NAME.fullmatch(name):
        yield f'"{name}" is not a name: letters, digits, - and _, at most 255.'
    if not image:
        yield '"image" is missing.'
    elif re.search(r"\s", image):
        yield f'image "{image}" has a blank in it.'
    yield from _dependencies(container, all_)
    yield from _ports(container, task)
    yield from _environment(container, task)
    yield from _health(container.get("healthCheck"))
    yield from _logging(container, all_, task)
    yield from _limits(container, task)
    yield from _restart(container)


def _dependencies(container: Mapping[str, Any], all_: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    by_name = {other.get("name"): other for other in all_}
    for each in container.get("dependsOn") or ():
        target, condition = each.get("containerName"), each.get("condition")
        other = by_name.get(target)
        if condition not in _CONDITIONS:
            yield f'dependsOn: condition "{condition}" is not one of {", ".join(_CONDITIONS)}.'
        if other is None:
            yield f'dependsOn: there is no container "{target}" in the task.'
        elif other is container:
            yield "dependsOn: a container cannot wait for itself."
        elif condition == "HEALTHY" and not other.get("healthCheck"):
            yield f'dependsOn: "{target}" can never be HEALTHY; it has no healthCheck.'
        elif condition in ("COMPLETE", "SUCCESS") and other.get("essential", True):
            yield f'dependsOn: condition {condition} needs "{target}" to be essential = false.'


def _ports(container: Mapping[str, Any], task: Surroundings) -> Iterator[str]:
    for mapping in container.get("portMappings") or ():
        port, host = mapping.get("containerPort"), mapping.get("hostPort")
        if port is None and not mapping.get("containerPortRange"):
            yield 'portMappings: "containerPort" is missing.'
        for label, number in (("containerPort", port), ("hostPort", host)):
            if number is not None and not 0 <= number <= 65535:
                yield f"portMappings: {label} {number} is not a port."
        if task.network_mode in ("awsvpc", "host") and host not in (None, 0, port):
            yield (
                f"portMappings: with network mode {task.network_mode}, hostPort ({host}) must be"
                f" left out or the same as containerPort ({port})."
            )
        if mapping.get("protocol", "tcp") not in ("tcp", "udp"):
            yield f'portMappings: protocol "{mapping["protocol"]}" is neither tcp nor udp.'
        if mapping.get("appProtocol", "http") not in ("http", "http2", "grpc"):
            protocol = mapping["appProtocol"]
            yield f'portMappings: appProtocol "{protocol}" is not http, http2 or grpc.'
        if mapping.get("name") and not re.fullmatch(r"[a-z0-9_][a-z0-9_-]{0,63}", mapping["name"]):
            yield f'portMappings: name "{mapping["name"]}": a-z, 0-9, _ and -, at most 64.'


def _environment(container: Mapping[str, Any], task: Surroundings) -> Iterator[str]:
    names = [
        each.get("name") for key in ("environment", "secrets") for each in container.get(key) or ()
    ]
    for name in dict.fromkeys(n for n in names if names.count(n) > 1):
        yield f'The environment variable "{name}" is there twice.'
    options = (container.get("logConfiguration") or {}).get("secretOptions") or ()
    secrets = [*(container.get("secrets") or ()), *options]
    for each in secrets:
        source = each.get("valueFrom") or ""
        if not each.get("name"):
            yield 'secrets: "name" is missing.'
        if ":secretsmanager:" in source and not _SECRET.fullmatch(source):
            yield (
                f'secrets: valueFrom "{source}" is not a secret: expected its ARN, and behind it'
                " nothing or :json-key:version-stage:version-id."
            )
        elif ":secretsmanager:" not in source and not _PARAMETER.fullmatch(source):
            yield f'secrets: valueFrom "{source}" is not an ARN of a secret or parameter.'
    if secrets and task.has_execution_role is False:
        yield "secrets need the task's execution_role_arn. That role must be allowed to read them."


def _health(check: Mapping[str, Any] | None) -> Iterator[str]:
    if not check:
        return
    command = check.get("command") or []
    if not command or command[0] not in ("CMD", "CMD-SHELL", "NONE"):
        yield "healthCheck: command must begin with CMD, CMD-SHELL or NONE."
    elif command[0] == "CMD-SHELL" and len(command) != 2:
        yield "healthCheck: CMD-SHELL is followed by one string, the shell command."
    for key, (low, high) in _HEALTH_CHECK_RANGES.items():
        if check.get(key) is not None and not low <= check[key] <= high:
            yield f"healthCheck: {key} must be from {low} to {high}, not {check[key]}."


def _logging(
    container: Mapping[str, Any], all_: Sequence[Mapping[str, Any]], task: Surroundings
) -> Iterator[str]:
    logging = container.get("logConfiguration") or {}
    driver = logging.get("logDriver")
    options = logging.get("options") or {}
    if logging and not driver:
        yield 'logConfiguration: "logDriver" is missing.'
    if driver and task.fargate and driver not in _FARGATE_LOG_DRIVERS:
        allowed = ", ".join(_FARGATE_LOG_DRIVERS)
        yield f"logConfiguration: Fargate has no driver {driver}, only {allowed}."
    if driver == "awslogs":
        for option in ("awslogs-group", "awslogs-region"):
            if option not in options:
                yield f'logConfiguration: awslogs needs the option "{option}".'
        if task.fargate and "awslogs-stream-prefix" not in options:
            yield 'logConfiguration: on Fargate, awslogs needs the option "awslogs-stream-prefix".'
    if driver == "awsfirelens" and not any(other.get("firelensConfiguration") for other in all_):
        yield "logConfiguration: awsfirelens needs a container with a firelensConfiguration."
    yield from _router(container.get("firelensConfiguration"), task)


def _router(firelens: Mapping[str, Any] | None, task: Surroundings) -> Iterator[str]:
    """https://docs.aws.amazon.com/AmazonECS/latest/developerguide/firelens-taskdef.html"""
    if not firelens:
        return
    options = firelens.get("options") or {}
    if firelens.get("type") not in ("fluentbit", "fluentd"):
        yield f'firelensConfiguration: type "{firelens.get("type")}" is not fluentbit or fluentd.'
    for option in options.keys() - _ROUTER_OPTIONS:
        yield f'firelensConfiguration: there is no option "{option}".'
    kind = options.get("config-file-type")
    if kind not in (None, "file", "s3"):
        yield f'firelensConfiguration: config-file-type "{kind}" is neither file nor s3.'
    if kind == "s3" and task.fargate:
        yield "firelensConfiguration: Fargate reads the configuration from a file, not from s3."
    if (kind is None) != (options.get("config-file-value") is None):
        yield "firelensConfiguration: config-file-type and config-file-value come together."


def _restart(container: Mapping[str, Any]) -> Iterator[str]:
    """ContainerRestartPolicy in the Amazon ECS API Reference."""
    period = (container.get("restartPolicy") or {}).get("restartAttemptPeriod")
    if period is not None and not 60 <= period <= 1800:
        yield f"restartPolicy: restartAttemptPeriod must be from 60 to 1800 s, not {period}."


def _limits(container: Mapping[str, Any], task: Surroundings) -> Iterator[str]:
    memory, reservation = container.get("memory"), container.get("memoryReservation")
    if memory is not None and memory < 6:
        yield "memory is at least 6 MiB."
    if memory is not None and task.memory is not None and memory > task.memory:
        yield f"memory ({memory}) is more than the task's ({task.memory})."
    if memory is not None and reservation is not None and memory <= reservation:
        yield f"memory ({memory}) must be above memoryReservation ({reservation})."
    if task.memory is None and not task.fargate and memory is None and reservation is None:
        yield "memory or memoryReservation is needed, since the task itself has no memory."
    stop = container.get("stopTimeout")
    if stop is not None and task.fargate and not 0 <= stop <= _FARGATE_STOP_TIMEOUT:
        yield f"stopTimeout must be from 0 to {_FARGATE_STOP_TIMEOUT} s on Fargate, not {stop}."
    start = container.get("startTimeout")
    if start is not None and task.fargate and not 2 <= start <= _FARGATE_STOP_TIMEOUT:
        yield f"startTimeout must be from 2 to {_FARGATE_STOP_TIMEOUT} s on Fargate, not {start}."
    if container.get("privileged") and task.fargate:
        yield "Fargate has no privileged containers."
    for mount in container.get("mountPoints") or ():
        volume = mount.get("sourceVolume")
        if task.volumes is not None and volume not in task.volumes:
            yield f'mountPoints: the task has no volume "{volume}".'
