"""The changes of a state's resources, type by type."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bonkei.definitions.refresh import events, queues, releases, tags, watching
from bonkei.definitions.refresh.values import Ask, Json, Reader

Observed = dict[str, dict[str, dict[str, Any] | None]]
"""Changed attributes, by the resource's type and id. None: it is gone."""

_READERS: Mapping[str, Reader] = {
    **releases.READERS, **watching.READERS, **events.READERS, **queues.READERS,
}  # fmt: skip

SEEN = (
    "log groups, alarms, rules of EventBridge, parameters, "
    "queues, policies of topics, queues and buckets, tags of most of these, "
    "and the revisions of task definitions and services"
)
"""What is read, in words. Everything else is compared with the state."""
OF_THE_STORE = ("aws_ssm_parameter", *queues.OF_THE_STORE)
"""Types whose reading starts the store, which rests while no call comes."""
_LONGEST = 60
"""Characters of a value that are shown."""


@dataclass(frozen=True, slots=True)
class Outside:
    """A resource that others than Terraform have changed, and what is otherwise, in words."""

    address: str
    text: str


def observe(state: Json, ask: Ask, without: Collection[str] = ()) -> Observed:
    """`state`: Terraform's own file. `without`: types that are not read. The result has only the
    differences. Raises AwsServiceError for the first refused call: the role may not read a resource
    of the plan."""
    found: Observed = {}
    for kind in dict.fromkeys((*_READERS, *tags.TYPES)):
        attributes = [each["attributes"] for _, each in _instances(state, kind)]
        if attributes and kind not in without and (changed := _changed(kind, attributes, ask)):
            found[kind] = changed
    return found


def _changed(kind: str, states: Sequence[Json], ask: Ask) -> dict[str, dict[str, Any] | None]:
    changed = dict(_READERS[kind](states, ask)) if kind in _READERS else {}
    there = [each for each in states if changed.get(each["id"], each) is not None]
    for name, now in tags.changed_tags(kind, there, ask):
        changed[name] = (changed.get(name) or {}) | now
    return changed


def in_words(state: Json, observed: Observed) -> Iterator[Outside]:
    """The observed changes, one after the other, without the counts that auto scaling decides, and
    each tag once."""
    targets = [each["attributes"] for _, each in _instances(state, "aws_appautoscaling_target")]
    scaled = {each["resource_id"].rpartition("/")[2] for each in targets}
    for kind, changes in observed.items():
        for address, instance in _instances(state, kind):
            before = instance["attributes"]
            if before["id"] not in changes:
                continue
            now = changes[before["id"]]
            for name, value in ({} if now is None else now).items():
                if name == "tags_all" or (name == "desired_count" and before.get("name") in scaled):
                    continue
                yield Outside(address, f"{name}: {_shown(before.get(name))} → {_shown(value)}")
            if now is None:
                yield Outside(address, "it is gone")


def _shown(value: Any) -> str:
    return textwrap.shorten(json.dumps(value, ensure_ascii=False), _LONGEST, placeholder="…")


def _instances(state: Json, kind: str) -> Iterator[tuple[str, Json]]:
    """The type's resources, each with its address."""
    for resource in state.get("resources") or ():
        if resource["mode"] == "managed" and resource["type"] == kind:
            path = ".".join(filter(None, (resource.get("module"), kind, resource.get("name"))))
            if "root" in resource:  # of several
                path = f"{resource['root']}/{path}"
            for each in resource["instances"]:
                key = each.get("index_key")
                yield path if key is None else f"{path}[{json.dumps(key)}]", each
