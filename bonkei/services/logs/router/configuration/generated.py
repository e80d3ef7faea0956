"""The configuration that ECS writes for a FireLens container.

Source: "Using a custom configuration" and "Example task definition: route logs to FireLens" (Amazon
ECS Developer Guide, firelens-taskdef), and the observed output of amazon-ecs-agent
(agent/taskresource/firelens): inputs, grep filters of include-pattern and exclude-pattern, ECS's
metadata, the external file, then the outputs, each for its container's tag.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

SOCKET = "/var/run/fluent.sock"
FORWARD_PORT = 24224
HEALTH_PORT = 8877
DEFAULT_FILE = "/fluent-bit/etc/fluent-bit.conf"
"""Where ECS mounts it. AWS's images run this file."""
_BUFFER_OPTION = "log-driver-buffer-limit"  # of the driver, not of the router
_OURS = {"Name", "include-pattern", "exclude-pattern", _BUFFER_OPTION}


@dataclass(frozen=True, slots=True)
class FirelensTask:
    """The input of the generation. `containers`: each container that logs through the router -> its
    options. `metadata`: `enable-ecs-log-metadata` is not "false"."""

    cluster: str
    task_arn: str
    task_definition: str  # family:revision
    containers: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
    metadata: bool = True
    external_file: str = ""


def tag(container: str, task_id: str) -> str:
    """The tag of a container's records: `app-firelens-0123…`."""
    return f"{container}-firelens-{task_id}"


def generate(task: FirelensTask) -> str:
    """The configuration in the classic format."""
    sections = [
        _section("INPUT", {"Name": "forward", "Mem_Buf_Limit": "25MB", "unix_path": SOCKET}),
        _section("INPUT", {"Name": "forward", "Listen": "127.0.0.1", "Port": str(FORWARD_PORT)}),
        _section(
            "INPUT",
            {
                "Name": "tcp",
                "Tag": "firelens-healthcheck",
                "Listen": "127.0.0.1",
                "Port": str(HEALTH_PORT),
            },
        ),
        *_patterns(task.containers),
    ]
    if task.metadata:
        records = (
            ("ecs_cluster", task.cluster),
            ("ecs_task_arn", task.task_arn),
            ("ecs_task_definition", task.task_definition),
        )
        lines = "".join(f"    Record {key} {value}\n" for key, value in records)
        sections.append(f"[FILTER]\n    Name record_modifier\n    Match *\n{lines}")
    if task.external_file:
        sections.append(f"@INCLUDE {task.external_file}\n")
    sections.append(_section("OUTPUT", {"Name": "null", "Match": "firelens-healthcheck"}))
    sections += _outputs(task.containers)
    return "\n".join(sections)


def _patterns(containers: Sequence[tuple[str, Sequence[tuple[str, str]]]]) -> Iterator[str]:
    for container, options in containers:
        told = dict(options)
        for option, rule in (("include-pattern", "Regex"), ("exclude-pattern", "Exclude")):
            if option in told:
                yield (
                    f"[FILTER]\n    Name   grep\n    Match {container}-firelens*\n"
                    f"    {rule}  log {told[option]}\n"
                )


def _outputs(containers: Sequence[tuple[str, Sequence[tuple[str, str]]]]) -> Iterator[str]:
    """None without `Name`: the external file then has the outputs."""
    for container, options in containers:
        told = dict(options)
        if "Name" in told:
            rest = {key: told[key] for key in sorted(told) if key not in _OURS}
            yield _section(
                "OUTPUT", {"Name": told["Name"], "Match": f"{container}-firelens*", **rest}
            )


def _section(kind: str, settings: Mapping[str, str]) -> str:
    return f"[{kind}]\n" + "".join(f"    {key} {value}\n" for key, value in settings.items())
