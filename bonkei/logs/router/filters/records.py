"""Filters of one record each: `parser`, `record_modifier`, `nest`, `stdout`, and the processor
`content_modifier`. Sources: pipeline/filters and pipeline/processors, each by its name."""

from __future__ import annotations

import hashlib
import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from bonkei.logs.router.configuration import values
from bonkei.logs.router.configuration.model import Property, Section
from bonkei.logs.router.errors import RouterError
from bonkei.logs.router.filters import Plain
from bonkei.logs.router.parsing.parsers import Parse
from bonkei.logs.router.records import Event, Record
from bonkei.logs.router.records.accessor import accessor
from bonkei.logs.router.records.patterns import compile_pattern

Change = Callable[[Record], Record]


def make_parser_filter(section: Section, parsers: Mapping[str, Parse]) -> Plain:
    names = section.listed("parser")
    for name in names:
        if name not in parsers:
            at = section.find("parser") or section
            raise RouterError(
                f"{at.place}: no parser is named {name}",
                remedy="define it under parsers, or name its file in parsers_file",
            )
    key = section.text("key_name")
    return Plain(
        partial(
            _parsed,
            accessor(key),
            "" if key.startswith("$") else key,
            [parsers[name] for name in names],
            values.flag(section, "reserve_data", default=False),
            values.flag(section, "preserve_key", default=False),
        )
    )


def _parsed(
    get: Callable[[Record], Any],
    key: str,
    parsers: Sequence[Parse],
    reserve: bool,
    preserve: bool,
    _tag: str,
    events: Sequence[Event],
) -> Sequence[Event]:
    """A record that no parser accepts is unchanged. The record's former keys follow the parsed
    ones, and win where a key occurs twice, as in Fluent Bit."""
    now = time.time()
    done: list[Event] = []
    for event in events:
        text = get(event[1])
        found = None
        if isinstance(text, str):
            for parse in parsers:
                if (found := parse(text, now)) is not None:
                    break
        if found is None:
            done.append(event)
            continue
        record, moment = found
        if reserve or preserve:
            for name, value in event[1].items():
                if preserve if name == key else reserve:
                    record.pop(name, None)
                    record[name] = value
        done.append((event[0] if moment is None else moment, record))
    return done


def make_record_modifier(section: Section) -> Plain:
    added = [_pair(each) for each in section.properties if each.name == "record"]
    removed = frozenset(section.texts("remove_key"))
    allowed = frozenset((*section.texts("allowlist_key"), *section.texts("whitelist_key")))
    if removed and allowed:
        raise RouterError(
            f"{section.place}: remove_key and allowlist_key exclude each other",
            remedy="use one of them",
        )
    identified = section.text("uuid_key")
    if identified:
        from uuid import uuid4  # noqa: PLC0415 - seldom wanted, and it loads libuuid

    def change(record: Record) -> Record:
        changed = {
            key: value
            for key, value in record.items()
            if key not in removed and (not allowed or key in allowed)
        }
        changed.update(added)
        if identified:
            changed[identified] = str(uuid4())
        return changed

    return each_record(change)


def make_nest(section: Section) -> Plain:
    wildcards = section.texts("wildcard")
    match section.text("operation").lower():
        case "nest":
            return each_record(partial(_nest, section, wildcards))
        case "lift":
            return each_record(partial(_lift, section))
    at = section.find("operation") or section
    raise RouterError(f"{at.place}: operation is no known one", remedy="use nest or lift")


def _nest(section: Section, wildcards: Sequence[str], record: Record) -> Record:
    under, prefix = section.text("nest_under"), section.text("remove_prefix")
    nested = {
        (key.removeprefix(prefix) if prefix else key): value
        for key, value in record.items()
        if _is_wanted(key, wildcards)
    }
    if not nested:
        return record
    rest = {key: value for key, value in record.items() if not _is_wanted(key, wildcards)}
    return {**rest, under: nested}


def _is_wanted(key: str, wildcards: Sequence[str]) -> bool:
    return any(
        key.startswith(each[:-1]) if each.endswith("*") else key == each for each in wildcards
    )


def _lift(section: Section, record: Record) -> Record:
    under, prefix = section.text("nested_under"), section.text("add_prefix")
    removed = section.text("remove_prefix")
    nested = record.get(under)
    if not isinstance(nested, dict):
        return record
    rest = {key: value for key, value in record.items() if key != under}
    return {**rest, **{prefix + key.removeprefix(removed): v for key, v in nested.items()}}


def make_stdout_filter(_section: Section) -> Plain:
    def show(tag: str, events: Sequence[Event]) -> Sequence[Event]:
        for moment, record in events:
            sys.stdout.write(f"{tag}: [{moment / 1e9:.9f}, {json.dumps(record)}]\n")
        sys.stdout.flush()
        return events

    return Plain(show)


def make_content_modifier(section: Section) -> Plain:
    """It changes the record's body only: a router's records have no metadata."""
    context = section.text("context", "body")
    if context not in ("body", "attributes"):
        raise RouterError(
            f"{section.place}: context {context} is not known here", remedy="use body"
        )
    action, key, value = (section.text(name) for name in ("action", "key", "value"))
    match action:
        case "insert":
            return each_record(lambda record: record if key in record else {**record, key: value})
        case "upsert":
            return each_record(lambda record: {**record, key: value})
        case "delete":
            return each_record(lambda record: {k: v for k, v in record.items() if k != key})
        case "rename":
            return each_record(
                lambda record: {(value if k == key else k): v for k, v in record.items()}
            )
        case "hash":
            return each_record(partial(_changed, key, _hashed))
        case "extract":
            at = section.find("pattern") or section
            pattern = compile_pattern(section.text("pattern"), at.place)
            return each_record(partial(_extract, key, pattern.search))
        case "convert":
            return each_record(partial(_changed, key, _converter(section)))
    at = section.find("action") or section
    raise RouterError(
        f"{at.place}: action {action} is not known",
        remedy="use insert, upsert, delete, rename, hash, extract or convert",
    )


def _hashed(value: Any) -> str:
    return hashlib.sha256(str(value).encode()).hexdigest()


def _changed(key: str, change: Callable[[Any], Any], record: Record) -> Record:
    return {k: (change(v) if k == key else v) for k, v in record.items()}


def _extract(key: str, search: Callable[[str], Any], record: Record) -> Record:
    value = record.get(key)
    match = search(value) if isinstance(value, str) else None
    return record if match is None else {**record, **match.groupdict(default="")}


def _converter(section: Section) -> Callable[[Any], Any]:
    kinds: dict[str, Callable[[Any], Any]] = {
        "string": str,
        "boolean": lambda value: str(value).lower() == "true",
        "int": lambda value: int(float(value)),
        "double": float,
    }
    kind = section.text("converted_type")
    if kind not in kinds:
        at = section.find("converted_type") or section
        raise RouterError(
            f"{at.place}: converted_type is {kind!r}", remedy=f"use {', '.join(kinds)}"
        )

    def convert(value: Any) -> Any:
        try:
            return kinds[kind](value)
        except (TypeError, ValueError):
            return value

    return convert


def each_record(change: Change) -> Plain:
    """A filter that changes each record by itself."""
    return Plain(lambda _tag, events: [(moment, change(record)) for moment, record in events])


def _pair(each: Property) -> tuple[str, str]:
    parts = values.words(each.value, 2)
    if len(parts) != 2:
        raise RouterError(f"{each.place}: record is {each.value!r}", remedy="write KEY VALUE")
    return parts[0], parts[1]
