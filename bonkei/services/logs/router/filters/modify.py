"""Filter `modify`: `add`, if all conditions hold. Source: pipeline/filters/modify."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from bonkei.services.logs.router.configuration import values
from bonkei.services.logs.router.configuration.model import Property, Section
from bonkei.services.logs.router.errors import RouterError
from bonkei.services.logs.router.filters import Plain
from bonkei.services.logs.router.records import Event, Record

_Condition = Callable[[Record], bool]


def make_modify(section: Section) -> Plain:
    conditions = [_condition(each) for each in section.properties if each.name == "condition"]
    added = [_added(each) for each in section.properties if each.name == "add"]
    return Plain(partial(_modify, conditions, added))


def _modify(
    conditions: Sequence[_Condition],
    added: Sequence[tuple[str, str]],
    events: Sequence[Event],
) -> Sequence[Event]:
    modified: list[Event] = []
    for event in events:
        moment, record = event
        if all(condition(record) for condition in conditions):
            for key, value in added:
                if key not in record:
                    record = {**record, key: value}
            modified.append((moment, record))
        else:
            modified.append(event)
    return modified


def _added(each: Property) -> tuple[str, str]:
    parts = values.words(each.value, 2)
    if len(parts) != 2:
        raise RouterError(f"{each.place}: add is {each.value!r}", remedy="write KEY VALUE")
    return parts[0], parts[1]


def _condition(each: Property) -> _Condition:
    match values.words(each.value, 3):
        case [name, key] if name.lower() == "key_does_not_exist":
            return partial(_is_missing, values.plain_key(each, key))
        case [name, key, wanted] if name.lower() == "key_value_equals":
            return partial(_equals, values.plain_key(each, key), wanted)
    raise RouterError(
        f"{each.place}: condition is {each.value!r}",
        remedy="use key_does_not_exist or key_value_equals, or install fluent-bit, which knows all",
    )


def _is_missing(key: str, record: Record) -> bool:
    return key not in record


def _equals(key: str, wanted: str, record: Record) -> bool:
    return bool(record.get(key) == wanted)
