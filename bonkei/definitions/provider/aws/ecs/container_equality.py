"""Whether two `container_definitions` mean the same to ECS.

ECS returns a registered document with its defaults, and with its own order of lists. A plan must
not show that as a change.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from bonkei.blueprint.ecs.container import in_api_spelling
from bonkei.definitions.provider.values import Value

_DEFAULTS = {"essential": True, "cpu": 0}
_ORDERLESS = {"environment": "name", "secrets": "name", "secretOptions": "name"}


def same_containers(one: Value, other: Value) -> bool:
    """Whether the two JSON documents describe the same containers."""
    try:
        return _canonical(one) == _canonical(other)
    except (TypeError, ValueError, AttributeError, KeyError):
        return bool(one == other)


def _canonical(text: str) -> list[Any]:
    containers = [_container(container) for container in in_api_spelling(json.loads(text))]
    return sorted(containers, key=lambda container: str(container.get("name")))


def _container(container: Mapping[str, Any]) -> dict[str, Any]:
    kept = {
        key: _compact(value, key)
        for key, value in container.items()
        if key not in _DEFAULTS or value != _DEFAULTS[key]
    }
    if kept.get("portMappings"):
        kept["portMappings"] = [_port(mapping) for mapping in kept["portMappings"]]
    return {key: value for key, value in kept.items() if value not in (None, [], {})}


def _port(mapping: Mapping[str, Any]) -> dict[str, Any]:
    same_host = mapping.get("hostPort") in (None, 0, mapping.get("containerPort"))
    return {
        key: value
        for key, value in mapping.items()
        if not (key == "protocol" and value == "tcp") and not (key == "hostPort" and same_host)
    }


def _compact(value: Any, key: str = "") -> Any:
    """Without nulls and empty collections. Lists whose order has no meaning are sorted."""
    if isinstance(value, dict):
        members = {name: _compact(member, name) for name, member in value.items()}
        return {name: member for name, member in members.items() if member not in (None, [], {})}
    if isinstance(value, list):
        items = [_compact(item) for item in value if item is not None]
        by = _ORDERLESS.get(key)
        return sorted(items, key=lambda item: str(item.get(by))) if by else items
    return value
