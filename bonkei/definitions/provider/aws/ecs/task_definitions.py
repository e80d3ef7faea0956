"""Amazon ECS: task definitions.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterTaskDefinition.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from bonkei.definitions.provider.aws.ecs.container_definitions import Surroundings, faults, ignored
from bonkei.definitions.provider.aws.ecs.container_equality import same_containers
from bonkei.definitions.provider.aws.shared.blocks import each
from bonkei.definitions.provider.aws.shared.checks import at, matches, unique
from bonkei.definitions.provider.aws.shared.formats import arn
from bonkei.definitions.provider.aws.shared.import_ids import unexpected
from bonkei.definitions.provider.aws.shared.naming import Mint
from bonkei.definitions.provider.aws.shared.resource import resource
from bonkei.definitions.provider.behaviour import Context, Problem, ResourceBehaviour
from bonkei.definitions.provider.values import UNKNOWN, Object, Value, given, known_items

_GIB = 1024

SIZES: dict[int, tuple[int, ...]] = {
    256: (512, 1024, 2048),
    512: tuple(range(1 * _GIB, 4 * _GIB + 1, _GIB)),
    1024: tuple(range(2 * _GIB, 8 * _GIB + 1, _GIB)),
    2048: tuple(range(4 * _GIB, 16 * _GIB + 1, _GIB)),
    4096: tuple(range(8 * _GIB, 30 * _GIB + 1, _GIB)),
    8192: tuple(range(16 * _GIB, 60 * _GIB + 1, 4 * _GIB)),
    16384: tuple(range(32 * _GIB, 120 * _GIB + 1, 8 * _GIB)),
}
"""The task sizes that Fargate has: CPU units (1024 for a vCPU) -> the possible memory in MiB.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html#fargate-tasks-size
"""


def cpu_units(text: str) -> int | None:
    """Read `256`, `.25 vCPU` or `1 vcpu`. The result is None for anything else."""
    if text.isdigit():
        return int(text)
    match = re.fullmatch(r"(\d*\.?\d+)\s*vcpu", text.strip(), re.IGNORECASE)
    return int(float(match[1]) * 1024) if match else None


def memory_mib(text: str) -> int | None:
    """Read `512`, `0.5GB` or `2 GB`. The result is None for anything else."""
    if text.isdigit():
        return int(text)
    match = re.fullmatch(r"(\d*\.?\d+)\s*gb", text.strip(), re.IGNORECASE)
    return int(float(match[1]) * 1024) if match else None


def wrong_size(cpu: int, memory: int) -> str | None:
    """Describe the problem of a pair, with the possible memory for the CPU. The result is None if
    there is none."""
    memories = SIZES.get(cpu)
    if memories is None:
        return f"Fargate has no tasks of {cpu} CPU units, only of {_listed(SIZES)}."
    if memory not in memories:
        return f"With {cpu} CPU units a Fargate task has {_listed(memories)} MiB, not {memory}."
    return None


def _listed(numbers: Iterable[int]) -> str:
    return ", ".join(str(number) for number in sorted(numbers))


def _task_definition(mint: Mint) -> Mapping[str, Value]:
    """The revisions of a family keep counting even after a destruction: ECS never reuses a
    number."""
    family = str(mint.given("family"))
    place = f"ecs/{mint.account}/{mint.region}/{family}"
    revision = mint.given("revision") or mint.context.sequence(place)
    without = mint.arn("ecs", f"task-definition/{family}")
    return {
        "id": family,
        "arn": f"{without}:{revision}",
        "arn_without_revision": without,
        "revision": revision,
        "network_mode": "bridge",
    }


def _on_fargate(config: Object) -> bool:
    return "FARGATE" in list(known_items(config.get("requires_compatibilities")))


def _sizes(config: Object) -> Iterator[Problem]:
    """Both sizes have a valid form. On Fargate they are a pair that Fargate offers."""
    found: dict[str, int | None] = {}
    for name, read in (("cpu", cpu_units), ("memory", memory_mib)):
        text = config.get(name)
        if given(text):
            found[name] = read(str(text))
            if found[name] is None:
                example = '"256" or ".25 vCPU"' if name == "cpu" else '"512" or "1 GB"'
                detail = f'Expected {example}, got "{text}".'
                yield Problem((name,), f'Invalid value for "{name}"', detail)
        elif text is None and _on_fargate(config):
            detail = f'A task for Fargate needs "{name}".'
            yield Problem(("requires_compatibilities",), "Missing argument", detail)
    cpu, memory = found.get("cpu"), found.get("memory")
    if cpu is not None and memory is not None and _on_fargate(config):
        wrong = wrong_size(cpu, memory)
        if wrong:
            yield Problem(("cpu",), "No such Fargate task size", wrong)


def _fargate_needs(config: Object) -> Iterator[Problem]:
    if not _on_fargate(config):
        return
    mode = config.get("network_mode")
    if mode is not UNKNOWN and mode != "awsvpc":
        detail = 'A task for Fargate has network_mode = "awsvpc".'
        yield Problem(
            ("network_mode",) if mode else ("requires_compatibilities",),
            "Invalid network mode",
            detail,
        )
    for name in ("ipc_mode", "placement_constraints"):
        if given(config.get(name)) and config[name] not in ("", []):
            yield Problem((name,), "Conflicting arguments", f'On Fargate there is no "{name}".')
    if config.get("pid_mode") == "host":
        detail = 'On Fargate, pid_mode is "task" or left out.'
        yield Problem(("pid_mode",), "Invalid value", detail)


def _containers(config: Object) -> Iterator[Problem]:
    text = config.get("container_definitions")
    if not given(text):
        return
    memory, cpu = config.get("memory"), config.get("cpu")
    mode, volumes = config.get("network_mode"), config.get("volume")
    names = [volume.get("name") for volume in each(volumes)]
    sure = (volumes is None or isinstance(volumes, list)) and all(map(given, names))
    role = config.get("execution_role_arn")
    task = Surroundings(
        network_mode=str(mode) if given(mode) else None,
        fargate=_on_fargate(config),
        memory=memory_mib(str(memory)) if given(memory) else None,
        cpu=cpu_units(str(cpu)) if given(cpu) else None,
        volumes=frozenset(map(str, names)) if sure else None,
        has_execution_role=None if role is UNKNOWN else role is not None,
    )
    for fault in faults(str(text), task):
        yield Problem(("container_definitions",), "Invalid container definitions", fault)
    for place in ignored(str(text)):
        detail = f"{place}: ECS has no such key, and it is left out."
        yield Problem(("container_definitions",), "Ignored in a container", detail, "warning")


def _import_task_definition(identifier: str, _: Context) -> Object:
    _start, separator, name = identifier.partition(":task-definition/")
    family, colon, revision = name.partition(":")
    if not (separator and colon and revision.isdigit()):
        raise unexpected("arn:PARTITION:ecs:REGION:ACCOUNT:task-definition/FAMILY:REVISION")
    return {
        "id": family,
        "arn": identifier,
        "arn_without_revision": identifier.rpartition(":")[0],
        "family": family,
        "revision": int(revision),
    }


RESOURCES: Mapping[str, ResourceBehaviour] = {
    "aws_ecs_task_definition": resource(
        _task_definition,
        at("family", matches(r"[0-9A-Za-z_-]+", "letters, digits, - and _")),
        at("execution_role_arn", arn("iam")),
        at("task_role_arn", arn("iam")),
        unique("volume", "name", "volume"),
        _sizes,
        _fargate_needs,
        _containers,
        equivalent={"container_definitions": same_containers},
        import_=_import_task_definition,
    ),
}
