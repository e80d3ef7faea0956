"""Reads a plan file as `terraform show -json` gives it, as far as `changes` needs it, without
running Terraform.

The second Terraform would start, ask for every schema, and read the plan and its two states. The
format is Terraform's own (`internal/plans/planproto/planfile.proto`, version 3). So only the plans
of the library are read here, whose version is locked; a test compares with what it shows itself.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgpack
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import DecodeError

from bonkei.definitions.provider.catalogue import resource_schemas
from bonkei.definitions.provider.plugin.codec import decode
from bonkei.definitions.provider.schema import type_of, without_gaps
from bonkei.definitions.terraform.reports.plan_values import (
    as_json,
    marks,
    sensitive_paths,
    unknown,
)

_VERSION = 3
_MEMBER = "tfplan"
_CALL = re.compile(r'module\.([^.\["]+)(?:\[(?:(\d+)|"((?:[^"\\]|\\.)*)")\])?\.')
_RESOURCE = re.compile(r'(data\.)?([^.]+)\.([^.\[]+)(?:\[(?:(\d+)|"(.*)")\])?', re.DOTALL)
_ACTIONS = {
    0: ("no-op",), 1: ("create",), 2: ("read",), 3: ("update",), 5: ("delete",),
    6: ("delete", "create"), 7: ("create", "delete"), 8: ("forget",), 9: ("create", "forget"),
}  # fmt: skip
_DELETE = 5
_COMPARED = ("update", "delete create", "create delete")

_FIELD = descriptor_pb2.FieldDescriptorProto
_TEXT, _NUMBER, _BYTES, _PART = (
    _FIELD.TYPE_STRING, _FIELD.TYPE_UINT64, _FIELD.TYPE_BYTES, _FIELD.TYPE_MESSAGE,
)  # fmt: skip
_MESSAGES: Mapping[str, tuple[tuple[str, int, Any, str, bool], ...]] = {
    "DynamicValue": (("msgpack", 1, _BYTES, "", False),),
    "Step": (
        ("attribute_name", 1, _TEXT, "", False),
        ("element_key", 2, _PART, "DynamicValue", False),
    ),
    "Path": (("steps", 1, _PART, "Step", True),),
    "Importing": (("id", 1, _TEXT, "", False),),
    "Change": (
        ("action", 1, _NUMBER, "", False),
        ("values", 2, _PART, "DynamicValue", True),
        ("before_sensitive_paths", 3, _PART, "Path", True),
        ("after_sensitive_paths", 4, _PART, "Path", True),
        ("importing", 5, _PART, "Importing", False),
    ),
    "ResourceInstanceChange": (
        ("deposed_key", 7, _TEXT, "", False),
        ("provider", 8, _TEXT, "", False),
        ("change", 9, _PART, "Change", False),
        ("required_replace", 11, _PART, "Path", True),
        ("addr", 13, _TEXT, "", False),
        ("prev_run_addr", 14, _TEXT, "", False),
    ),
    "OutputChange": (("name", 1, _TEXT, "", False), ("change", 2, _PART, "Change", False)),
    "Plan": (
        ("version", 1, _NUMBER, "", False),
        ("resource_changes", 3, _PART, "ResourceInstanceChange", True),
        ("output_changes", 4, _PART, "OutputChange", True),
        ("resource_drift", 18, _PART, "ResourceInstanceChange", True),
    ),
}
"""Each field that is read: its name, number and type, the message it is, whether it repeats."""


_UNEXPECTED = (
    OSError, KeyError, ValueError, TypeError, AttributeError,
    zipfile.BadZipFile, zlib.error, DecodeError, msgpack.UnpackException,
)  # fmt: skip


class PlanFormatError(ValueError):
    """The file has another format, so Terraform has to show it."""


def read_plan_file(file: Path) -> dict[str, Any]:
    """The document's resource_changes, resource_drift and output_changes. Only changes whose values
    differ have them. PlanFormatError where the file, a type or a value is not as expected."""
    try:
        with zipfile.ZipFile(file) as archive:
            plan = _message("Plan").FromString(archive.read(_MEMBER))
        if plan.version != _VERSION:
            raise PlanFormatError(f"version {plan.version}")
        outputs = {each.name: {"actions": _actions(each.change)} for each in plan.output_changes}
        return {
            "resource_changes": _resource_changes(plan.resource_changes),
            # Terraform shows a resource that has only moved with the changes.
            "resource_drift": _resource_changes(
                each for each in plan.resource_drift if each.change.action
            ),
            "output_changes": outputs,
        }
    except _UNEXPECTED as error:
        raise PlanFormatError(f"{type(error).__name__}: {error}") from error


def _resource_changes(found: Iterable[Any]) -> list[dict[str, Any]]:
    ordered = sorted(found, key=lambda each: _order(each.addr, each))
    return [_resource_change(each) for each in ordered if not _is_hidden(each)]


def _is_hidden(found: Any) -> bool:
    """Whether only a data source leaves the state, which is not a change for people."""
    return found.change.action == _DELETE and _parts(found.addr).is_data


def _message(name: str) -> Any:
    pool = descriptor_pool.DescriptorPool()
    file = descriptor_pb2.FileDescriptorProto(name="plan", package="tfplan", syntax="proto3")
    for message, fields in _MESSAGES.items():
        added = file.message_type.add(name=message)
        for field, number, kind, of, many in fields:
            label = _FIELD.LABEL_REPEATED if many else _FIELD.LABEL_OPTIONAL
            one = added.field.add(name=field, number=number, type=kind, label=label)
            if of:
                one.type_name = f".tfplan.{of}"
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"tfplan.{name}"))


def _actions(change: Any) -> list[str]:
    return list(_ACTIONS[change.action])


def _resource_change(found: Any) -> dict[str, Any]:
    shown: dict[str, Any] = {"address": found.addr, "change": _change(found)}
    shown["mode"] = "data" if _parts(found.addr).is_data else "managed"
    if found.prev_run_addr and found.prev_run_addr != found.addr:
        shown["previous_address"] = found.prev_run_addr
    return shown


def _change(found: Any) -> dict[str, Any]:
    change = found.change
    actions = _actions(change)
    shown: dict[str, Any] = {"actions": actions}
    if change.HasField("importing"):
        shown["importing"] = {"id": change.importing.id}
    if found.required_replace:
        shown["replace_paths"] = [_path(each) for each in found.required_replace]
    if " ".join(actions) not in _COMPARED:
        return shown | {"before": None, "after": None}
    block = resource_schemas(found.provider.split('"')[1])[_parts(found.addr).type]
    before, after = (
        without_gaps(decode(value.msgpack, type_of(block)), block) for value in change.values
    )
    shown |= {"before": as_json(before), "after": as_json(after), "after_unknown": unknown(after)}
    for key, value, paths in (
        ("before_sensitive", before, change.before_sensitive_paths),
        ("after_sensitive", after, change.after_sensitive_paths),
    ):
        marked = [tuple(_path(each)) for each in paths]
        shown[key] = marks(value, [*marked, *sensitive_paths(block, value)])
    return shown


def _path(path: Any) -> list[str | int]:
    """Return the steps as far as they can be named: an element of a set of objects cannot."""
    found: list[str | int] = []
    for step in path.steps:
        key = step.attribute_name
        if step.HasField("element_key"):
            key = msgpack.unpackb(step.element_key.msgpack)
            if not isinstance(key, str | int):
                break
        found.append(key)
    return found


_Key = tuple[int, int, str]


@dataclass(frozen=True, slots=True)
class _Address:
    calls: tuple[tuple[str, _Key], ...]
    is_data: bool
    type: str
    name: str
    key: _Key


def _parts(address: str) -> _Address:
    calls: list[tuple[str, _Key]] = []
    position = 0
    while call := _CALL.match(address, position):
        calls.append((call[1], _key(call[2], call[3])))
        position = call.end()
    resource = _RESOURCE.fullmatch(address, position)
    if resource is None:
        raise PlanFormatError(f"an address {address}")
    key = _key(resource[4], resource[5])
    return _Address(tuple(calls), bool(resource[1]), resource[2], resource[3], key)


def _key(number: str | None, text: str | None) -> _Key:
    """Sort as Terraform does: no key, numbers, texts."""
    if number is not None:
        return 1, int(number), ""
    return (2, 0, text) if text is not None else (0, 0, "")


def _order(address: str, found: Any) -> tuple[Any, ...]:
    """Sort as Terraform does: shorter ways through modules first, and data sources before
    resources."""
    one = _parts(address)
    place = len(one.calls), one.calls
    return *place, not one.is_data, one.type, one.name, one.key, found.deposed_key
