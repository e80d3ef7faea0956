"""The state of each node of a picture: a tone, a word, and one or two figures."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from bonkei.blueprint import Blueprint
from bonkei.services.cloudwatch.values import MonitorSnapshot
from bonkei.services.codepipeline.snapshot import PipelineSnapshot
from bonkei.services.ecs.snapshot import TasksSnapshot
from bonkei.services.edge import EdgeSnapshot
from bonkei.services.elasticache import CacheSnapshot
from bonkei.services.endpoint.cloud import CloudSnapshot
from bonkei.services.rds.snapshot import DatabaseSnapshot


@dataclass(frozen=True, slots=True)
class Health:
    """`tone`: good | busy | warn | bad | off."""

    tone: str
    word: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Parts:
    """The snapshots that health is read from."""

    blueprint: Callable[[], Blueprint]
    edge: Callable[[], EdgeSnapshot]
    tasks: Callable[[], TasksSnapshot | None]
    databases: Callable[[], list[DatabaseSnapshot]]
    cloud: Callable[[], CloudSnapshot | None]
    monitor: Callable[[], MonitorSnapshot]
    pipelines: Callable[[], tuple[PipelineSnapshot, ...] | list[PipelineSnapshot]]
    functions: Callable[[], Any]
    caches: Callable[[], list[CacheSnapshot]] = list


def node_health(parts: Parts) -> dict[str, Health]:
    """By the node's id in the picture: its Terraform address, or a name that only the drawing
    has."""
    blueprint, edge = parts.blueprint(), parts.edge()
    return dict(
        [
            *_listeners(blueprint, edge),
            *_firewalls(edge),
            *_services(blueprint, parts.tasks()),
            *_stores(blueprint, parts.databases(), parts.caches()),
            *_endpoint(parts.cloud()),
            *_pipelines(blueprint, parts.pipelines()),
            *_functions(blueprint, parts.functions()),
            *_alarms(blueprint, parts.monitor()),
        ]
    )


def _listeners(blueprint: Blueprint, edge: EdgeSnapshot) -> Iterator[tuple[str, Health]]:
    by_address = {one.address: one for one in edge.listeners}
    caches = {one.distribution: one for one in edge.caches}
    for distribution in blueprint.distributions:
        listener = by_address.get(distribution.address)
        if listener is None:
            yield distribution.address, Health("off", "not open")
            continue
        cache = caches.get(distribution.address) or caches.get(distribution.id)
        asked = cache.hits + cache.misses + cache.refreshes if cache is not None else 0
        share = f"cache {100 * cache.hits / asked:.0f} %" if cache is not None and asked else ""
        yield distribution.address, Health("good", listener.url, share)
    groups = {group.arn: group for group in edge.target_groups}
    for balancer in blueprint.load_balancers:
        arns = [
            target.target_group_arn
            for listening in balancer.listeners
            for action in (listening.default_action, *(r.action for r in listening.rules))
            for target in getattr(action, "targets", ())
        ]
        targets = [t for arn in dict.fromkeys(arns) if arn in groups for t in groups[arn].targets]
        healthy = sum(target.state == "healthy" for target in targets)
        tone = "good" if targets and healthy == len(targets) else "warn" if healthy else "bad"
        yield balancer.address, Health(tone, f"{healthy}/{len(targets)} healthy")


def _firewalls(edge: EdgeSnapshot) -> Iterator[tuple[str, Health]]:
    for acl in edge.web_acls:
        blocked = sum(rule.blocked for rule in acl.rules)
        allowed = sum(rule.allowed for rule in acl.rules)
        yield acl.address, Health("good", f"{allowed} allowed", f"{blocked} blocked")


def _services(blueprint: Blueprint, tasks: TasksSnapshot | None) -> Iterator[tuple[str, Health]]:
    states = {one.arn: one for one in tasks.services} if tasks is not None else {}
    for service in blueprint.services:
        state = states.get(service.arn)
        if state is None:
            yield service.address, Health("busy", "starting")
            continue
        own = [t for t in tasks.tasks if t.group == f"service:{service.name}"] if tasks else []
        cpu = sum(task.cpu_percent for task in own)
        memory = sum(task.memory for task in own) / 2**20
        tone = "good" if state.healthy_count >= state.desired_count else "warn"
        if state.refused or state.failure or (state.desired_count and not state.healthy_count):
            tone = "bad"
        if not state.desired_count:
            tone = "off"
        word = f"{state.healthy_count}/{state.desired_count} healthy"
        yield service.address, Health(tone, word, f"{cpu:.0f} % · {memory:.0f} MiB")


def _stores(
    blueprint: Blueprint, databases: list[DatabaseSnapshot], caches: list[CacheSnapshot]
) -> Iterator[tuple[str, Health]]:
    tones = {"available": "good", "failed": "bad", "stopped": "off"}
    clusters = {one.identifier: one for one in databases}
    for cluster in blueprint.database_clusters:
        state = clusters.get(cluster.identifier)
        if state is None:
            yield cluster.address, Health("busy", "starting")
            continue
        usage = f"{state.cpu_percent:.0f} % · {state.memory / 2**20:.0f} MiB" if state.pid else ""
        yield cluster.address, Health(tones.get(state.status, "busy"), state.status, usage)
    servers = {one.identifier: one for one in caches}
    for cache in blueprint.caches:
        server = servers.get(cache.identifier)
        if server is None:
            yield cache.address, Health("busy", "starting")
            continue
        usage = f"{server.memory / 2**20:.0f} MiB" if server.pid else ""
        yield cache.address, Health(tones.get(server.status, "busy"), server.status, usage)


def _endpoint(cloud: CloudSnapshot | None) -> Iterator[tuple[str, Health]]:
    if cloud is None:
        return
    tones = {"available": "good", "failed": "bad"}
    for node in ("behind-Interface", "behind-Gateway"):
        yield node, Health(tones.get(cloud.store, "busy"), cloud.store, cloud.url)


def _pipelines(
    blueprint: Blueprint, pipelines: tuple[PipelineSnapshot, ...] | list[PipelineSnapshot]
) -> Iterator[tuple[str, Health]]:
    states = {one.name: one for one in pipelines}
    tones = {"Succeeded": "good", "Failed": "bad", "InProgress": "busy"}
    for pipeline in blueprint.pipelines:
        state = states.get(pipeline.name)
        if state is not None:
            tone = tones.get(state.status, "off")
            yield pipeline.address, Health(tone, state.status or state.detail, state.detail)


def _functions(blueprint: Blueprint, functions: Any) -> Iterator[tuple[str, Health]]:
    states = {one.name: one for one in functions.functions} if functions is not None else {}
    for function in blueprint.functions:
        state = states.get(function.name)
        if state is not None:
            tone = "bad" if state.errors else "good" if state.invocations else "off"
            errors = f"{state.errors} errors" if state.errors else ""
            yield function.address, Health(tone, f"{state.invocations} calls", errors)


def _alarms(blueprint: Blueprint, monitor: MonitorSnapshot) -> Iterator[tuple[str, Health]]:
    tones = {"OK": "good", "ALARM": "bad", "INSUFFICIENT_DATA": "off"}
    states = {one.name: one for one in monitor.alarms}
    declared = [(one.name, one.address) for one in blueprint.alarms]
    declared += [(one.name, one.address) for one in blueprint.composite_alarms]
    for name, address in declared:
        state = states.get(name)
        if state is not None:
            yield address, Health(tones.get(state.state, "warn"), state.state, state.reason)
