"""The shape of a container definition: its keys, and the type of each.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

_STRINGS = [str]
_PAIRS = [{"name": str, "value": str}]
_SECRETS = [{"name": str, "valueFrom": str}]
_TEXTS = {"*": str}

CONTAINER: dict[str, Any] = {
    "name": str,
    "image": str,
    "cpu": int,
    "memory": int,
    "memoryReservation": int,
    "links": _STRINGS,
    "essential": bool,
    "restartPolicy": {
        "enabled": bool,
        "ignoredExitCodes": [int],
        "restartAttemptPeriod": int,
    },
    "entryPoint": _STRINGS,
    "command": _STRINGS,
    "workingDirectory": str,
    "user": str,
    "environment": _PAIRS,
    "environmentFiles": [{"value": str, "type": str}],
    "secrets": _SECRETS,
    "portMappings": [
        {
            "containerPort": int,
            "hostPort": int,
            "protocol": str,
            "name": str,
            "appProtocol": str,
            "containerPortRange": str,
        }
    ],
    "mountPoints": [{"sourceVolume": str, "containerPath": str, "readOnly": bool}],
    "volumesFrom": [{"sourceContainer": str, "readOnly": bool}],
    "dependsOn": [{"containerName": str, "condition": str}],
    "startTimeout": int,
    "stopTimeout": int,
    "healthCheck": {
        "command": _STRINGS,
        "interval": int,
        "timeout": int,
        "retries": int,
        "startPeriod": int,
    },
    "logConfiguration": {"logDriver": str, "options": _TEXTS, "secretOptions": _SECRETS},
    "firelensConfiguration": {"type": str, "options": _TEXTS},
    "linuxParameters": {
        "capabilities": {"add": _STRINGS, "drop": _STRINGS},
        "devices": [{"hostPath": str, "containerPath": str, "permissions": _STRINGS}],
        "initProcessEnabled": bool,
        "maxSwap": int,
        "sharedMemorySize": int,
        "swappiness": int,
        "tmpfs": [{"containerPath": str, "size": int, "mountOptions": _STRINGS}],
    },
    "privileged": bool,
    "readonlyRootFilesystem": bool,
    "interactive": bool,
    "pseudoTerminal": bool,
    "hostname": str,
    "dnsServers": _STRINGS,
    "dnsSearchDomains": _STRINGS,
    "extraHosts": [{"hostname": str, "ipAddress": str}],
    "disableNetworking": bool,
    "dockerLabels": _TEXTS,
    "dockerSecurityOptions": _STRINGS,
    "ulimits": [{"name": str, "softLimit": int, "hardLimit": int}],
    "systemControls": [{"namespace": str, "value": str}],
    "resourceRequirements": [{"type": str, "value": str}],
    "repositoryCredentials": {"credentialsParameter": str},
    "credentialSpecs": _STRINGS,
    "versionConsistency": str,
}

_WORDS = {str: "a string", int: "a whole number", bool: "true or false"}


def shape_faults(value: Any, shape: Any, place: str) -> Iterator[str]:
    """The places at which a JSON value does not have the shape. null is always allowed."""
    if value is None:
        return
    if isinstance(shape, dict):
        yield from _object_faults(value, shape, place)
    elif isinstance(shape, list):
        if not isinstance(value, list):
            yield f"{place}: expected a list, got {_described(value)}."
            return
        for index, item in enumerate(value):
            yield from shape_faults(item, shape[0], f"{place}[{index}]")
    elif not _fits(value, shape):
        yield f"{place}: expected {_WORDS[shape]}, got {_described(value)}."


def _object_faults(value: Any, shape: dict[str, Any], place: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{place}: expected an object, got {_described(value)}."
        return
    for key, member in value.items():
        inner = shape.get(key, shape.get("*"))
        near = _near(key, shape)
        if inner is not None:
            yield from shape_faults(member, inner, f"{place}.{key}")
        elif near:
            yield f'{place}: there is no key "{key}". Did you mean "{near}"?'


def unknown_keys(value: Any, shape: Any, place: str) -> Iterator[str]:
    """The places of keys that the provider drops without a message. Misspelled ones are not among
    them."""
    if isinstance(shape, dict) and isinstance(value, dict):
        for key, member in value.items():
            inner = shape.get(key, shape.get("*"))
            if inner is not None:
                yield from unknown_keys(member, inner, f"{place}.{key}")
            elif not _near(key, shape):
                yield f"{place}.{key}"
    elif isinstance(shape, list) and isinstance(value, list):
        for index, item in enumerate(value):
            yield from unknown_keys(item, shape[0], f"{place}[{index}]")


def _near(key: str, shape: dict[str, Any]) -> str | None:
    by_lower = {known.lower(): known for known in shape}
    return by_lower.get(key.lower().replace("_", ""))


def _fits(value: Any, kind: type) -> bool:
    if kind is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, kind)


def _described(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f'the string "{value}"'
    return (
        "an object"
        if isinstance(value, dict)
        else "a list"
        if isinstance(value, list)
        else str(value)
    )
