"""From the blueprint to the scheduler's input: local tasks, service specifications, notes.

The only I/O is reading Dockerfiles.
"""

from __future__ import annotations

import hashlib
import re
import shlex
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from bonkei.blueprint import Blueprint
from bonkei.blueprint.ecs import Container, Service, TaskDefinition
from bonkei.config import ContainerSource, FolderProgram
from bonkei.services.ecs.built import Built, nothing_is_built
from bonkei.services.ecs.errors import TaskError
from bonkei.services.ecs.execution.environment import container_ports
from bonkei.services.ecs.images.content import Content
from bonkei.services.ecs.images.local import LocalContainer, LocalTask, local_task
from bonkei.services.ecs.scheduling.circuit_breaker import CircuitBreaker
from bonkei.services.ecs.scheduling.rolling import Limits
from bonkei.services.ecs.scheduling.service_state import ServiceSpec, Trial
from bonkei.services.ecs.scheduling.traffic import phases
from bonkei.services.ecs.snapshot import Note
from bonkei.services.ecs.task_spec import ContainerOverride, Registrations, TaskSpec

_PYTHON_IMAGE = re.compile(r"(?:.*/)?python:(\d+\.\d+)")
_DRAIN_MARGIN = 5.0  # seconds beyond the longest deregistration delay


@dataclass(frozen=True, slots=True)
class Composition:
    """The wanted services, and notes on services that do not run, or not as defined."""

    services: tuple[ServiceSpec, ...]
    notes: tuple[Note, ...]


def compose(
    blueprint: Blueprint,
    sources: Mapping[str, ContainerSource],
    built: Built = nothing_is_built,
    minute: float = 60.0,
    *,
    is_confined: bool = False,
) -> Composition:
    """The services to run, from the definitions and the sources of their containers. `minute`:
    how many seconds one of the alarms' takes. `is_confined`: whether tasks have a view of their own
    of this machine.
    """
    specs: list[ServiceSpec] = []
    notes: list[Note] = []
    for service in blueprint.services:
        subject = f"service {service.name}"
        definition = blueprint.definition_of(service)
        if definition is None:
            missing = service.task_definition_arn or "(none)"
            notes.append(Note(subject, f"not run: task definition {missing} is not defined"))
            continue
        registrations = find_registrations(service, definition)
        local = local_task(definition, sources, serving=registrations.serving, built=built)
        spec = _service_spec(service, local, registrations, _drain_timeout(blueprint, service))
        shift = phases(service.shift, minute) if service.shift is not None else ()
        checked = trial(blueprint, service, definition, minute)
        specs.append(replace(spec, trial=checked, phases=shift))
        notes += _notes(subject, local, is_confined=is_confined)
    return Composition(tuple(specs), tuple(dict.fromkeys(notes)))


def find_registrations(service: Service, definition: TaskDefinition) -> Registrations:
    """Target groups and called ports of a service's tasks."""
    ports = definition.ports
    called = {each.port_name: each.is_direct for each in service.endpoints(definition)}
    return Registrations(
        service.targets,
        tuple((name, ports[name]) for name in called if name in ports),
        frozenset(ports[name][0] for name in called if name in ports and not called[name]),
    )


def one_off(
    definition: TaskDefinition,
    sources: Mapping[str, ContainerSource],
    container: str,
    command: tuple[str, ...] | None,
    built: Built = nothing_is_built,
) -> TaskSpec:
    """A task outside services, with its command overridden as with `run-task`. Raises TaskError if
    the container cannot run here."""
    override = ContainerOverride(container, command)
    return stand_alone(definition, sources, (override,), built=built)


def stand_alone(
    definition: TaskDefinition,
    sources: Mapping[str, ContainerSource],
    overrides: Sequence[ContainerOverride],
    started_by: str = "",
    built: Built = nothing_is_built,
) -> TaskSpec:
    """A task outside services, with the overrides of `run-task`. Raises TaskError if one of the
    containers is missing or cannot run here."""
    names = [container.name for container in definition.containers]
    for override in overrides:
        if override.name not in names:
            raise TaskError(
                f"{definition.family} has no container {override.name}",
                remedy="name one of " + ", ".join(names),
            )
    serving = frozenset(override.name for override in overrides)
    changed = _override(definition, overrides)
    local = local_task(
        changed, _with_commands(definition, sources, overrides), serving=serving, built=built
    )
    if local.refused:
        wanted = next(iter(serving), names[0] if names else "NAME")
        raise TaskError(
            f"{definition.family} cannot be run: {local.refused}",
            remedy=f"configure [containers.{wanted}] in bonkei.toml",
        )
    return TaskSpec(local, definition.family, started_by=started_by)


def _override(definition: TaskDefinition, overrides: Sequence[ContainerOverride]) -> TaskDefinition:
    """Override as `containerOverrides` does: the command changes, the entry point stays."""
    by_name = {override.name: override for override in overrides}

    def changed(container: Container) -> Container:
        override = by_name.get(container.name)
        if override is None:
            return container
        environment = dict(container.environment) | dict(override.environment)
        command = container.command if override.command is None else override.command
        return replace(container, command=command, environment=tuple(environment.items()))

    return replace(definition, containers=tuple(map(changed, definition.containers)))


def _with_commands(
    definition: TaskDefinition,
    sources: Mapping[str, ContainerSource],
    overrides: Sequence[ContainerOverride],
) -> Mapping[str, ContainerSource]:
    """The sources, where an override's command replaces that of the settings, too."""
    changed = dict(sources)
    commands = {each.name: each.command for each in overrides if each.command is not None}
    for container in definition.containers:
        key = definition.key_of(container, sources)
        source = sources.get(key)
        if container.name in commands and isinstance(source, FolderProgram):
            changed[key] = replace(source, command=commands[container.name])
    return changed


def _service_spec(
    service: Service, local: LocalTask, registrations: Registrations, drain_timeout: float
) -> ServiceSpec:
    # The local task also contains this machine's additions: the containers' directories, and their
    # Dockerfiles.
    parts = repr((local, registrations, service.force_new_deployment_token))
    return ServiceSpec(
        arn=service.arn,
        name=service.name,
        limits=Limits(service.capacity, service.minimum_healthy_percent, service.maximum_percent),
        task=TaskSpec(local, service.name, registrations, drain_timeout),
        deployment_key=hashlib.sha256(parts.encode()).hexdigest(),
        health_check_grace_period=service.health_check_grace_period,
        circuit_breaker=CircuitBreaker(service.circuit_breaker, service.circuit_breaker_rollback),
        scaling=service.scaling,
        defined_count=service.desired_count,
        refused=local.refused,
        deployment_id=service.deployment_id,
    )


def trial(
    blueprint: Blueprint, service: Service, definition: TaskDefinition, minute: float
) -> Trial:
    """A trial as long as the declared checks: a container's first check comes after its interval,
    and a target that is to be trusted passes `healthy_threshold` checks in a row. AWS publishes no
    time for the bake: here it is the period of the quickest alarm.
    """
    arns = {target.target_group_arn for target in service.targets}
    targets = [g.health_check for g in blueprint.target_groups if g.arn in arns]
    containers = [c.health_check for c in definition.containers if c.essential and c.health_check]
    checks = [check.interval * check.healthy_threshold for check in targets if check.enabled]
    checks += [check.interval for check in containers]
    alarms = service.deployment_alarms
    if alarms is None:
        return Trial(max(checks, default=0.0))
    found = [alarm for alarm in blueprint.alarms if alarm.name in alarms.names]
    periods = [metric.period for alarm in found for metric in alarm.metrics()]
    bake = min(periods, default=60) * minute / 60
    return Trial(max(checks, default=0.0), bake, frozenset(alarms.names), alarms.rollback)


def _drain_timeout(blueprint: Blueprint, service: Service) -> float:
    groups = {target.target_group_arn for target in service.targets}
    delays = [g.deregistration_delay for g in blueprint.target_groups if g.arn in groups]
    return max(delays, default=0.0) + _DRAIN_MARGIN


def _notes(subject: str, local: LocalTask, *, is_confined: bool) -> Iterator[Note]:
    if local.refused:
        yield Note(subject, f"not run: {local.refused}")
    for name, reason in local.left_out:
        yield Note(f"{subject}, container {name}", f"left out: {reason}{_dependants(local, name)}")
    for local_container in local.containers:
        container = f"{subject}, container {local_container.container.name}"
        for text in _container_notes(local_container):
            yield Note(container, text)
        if local_container.container.mount_points and not (is_confined or local_container.root):
            yield Note(container, "volumes are not mounted: the process sees this machine's files")


def _dependants(local: LocalTask, name: str) -> str:
    waiting = [
        p.container.name
        for p in local.containers
        if any(d.container_name == name for d in p.container.depends_on)
    ]
    return f"; the dependsOn of {', '.join(waiting)} counts as met" if waiting else ""


def _container_notes(local: LocalContainer) -> Iterator[str]:
    container = local.container
    ports = container_ports(local)
    if len(ports) > 1 and container.firelens is None:
        others = ", ".join(str(port) for port in ports[1:])
        yield f"only port {ports[0]} is passed on in PORT; {others} cannot be changed"
    if container.firelens is None:  # a router's process sees only its own configuration
        yield from content_notes(local.content)
    if local.program and (given := (*(container.entry_point or ()), *(container.command or ()))):
        yield f"it runs the command of bonkei.toml in place of its own: {shlex.join(given)}"
    if version := _other_python(local):
        yield f"its image has Python {version}, its environment here has {_own_python()}"


def content_notes(content: Content) -> Iterator[str]:
    """Notes on a container's files that differ from the image."""
    if content.overlooked:
        yield (
            f"it runs in {content.directory}, which lacks the Dockerfile's copies of "
            f"{', '.join(content.overlooked)}"
        )
    if content.missing:
        yield (
            f"its Dockerfile copies {', '.join(content.missing)}, which is not in its folder, nor "
            "is all that it copies in a folder around it; what a stage makes, `command` and "
            "`prepare` in bonkei.toml can make"
        )
    if content.package_list:
        yield (
            f"the packages that its {content.package_list} names are not installed: only "
            "requirements.txt is read; `command` and `prepare` in bonkei.toml run it otherwise"
        )


def _other_python(local: LocalContainer) -> str:
    """The version of the image's Python, if its environment gets a different one here."""
    found = _PYTHON_IMAGE.match(local.image.base)
    if found is None or not local.content.requirements or found[1] == _own_python():
        return ""
    return found[1]


def _own_python() -> str:
    return f"{sys.version_info.major}.{sys.version_info.minor}"
