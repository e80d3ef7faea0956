"""Filter `modify`: rules in order, if all conditions hold. Source: pipeline/filters/modify."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial

from bonkei.logs.router.configuration import values
from bonkei.logs.router.configuration.model import Property, Section
from bonkei.logs.router.errors import RouterError
from bonkei.logs.router.filters import Plain
from bonkei.logs.router.records import Event, Record
from bonkei.logs.router.records.accessor import MISSING, Get, accessor, text_of
from bonkei.logs.router.records.patterns import compile_pattern

_Condition = Callable[[Record], bool]
_Rule = Callable[[Record], Record]


def make_modify(section: Section) -> Plain:
    conditions = [_condition(each) for each in section.properties if each.name == "condition"]
    rules = [_rule(each) for each in section.properties if each.name in {**_ONE_WORD, **_TWO_WORDS}]
    return Plain(partial(_modify, conditions, rules))


def _modify(
    conditions: Sequence[_Condition],
    rules: Sequence[_Rule],
    _tag: str,
    events: Sequence[Event],
) -> Sequence[Event]:
    modified: list[Event] = []
    for event in events:
        record = event[1]
        for condition in conditions:
            if not condition(record):
                modified.append(event)
                break
        else:
            for rule in rules:
                record = rule(record)
            modified.append((event[0], record))
    return modified


# Rules. Each returns a new record, or the same record if nothing changes.


def _set(key: str, value: str, record: Record) -> Record:
    """An existing key moves to the end, as Fluent Bit packs it."""
    return {**{k: v for k, v in record.items() if k != key}, key: value}


def _add(key: str, value: str, record: Record) -> Record:
    return record if key in record else {**record, key: value}


def _remove(key: str, record: Record) -> Record:
    return {k: v for k, v in record.items() if k != key} if key in record else record


def _remove_prefix(prefix: str, record: Record) -> Record:
    """`Remove_wildcard Mem` removes the keys that begin with Mem; `Mem*` means the same."""
    start = prefix.rstrip("*")
    return {k: v for k, v in record.items() if not k.startswith(start)}


def _remove_matching(pattern: re.Pattern[str], record: Record) -> Record:
    return {k: v for k, v in record.items() if not pattern.search(k)}


def _rename(hard: bool, key: str, new: str, record: Record) -> Record:
    if key not in record or (new in record and not hard):
        return record
    return {(new if k == key else k): v for k, v in record.items() if k == key or k != new}


def _copy(hard: bool, key: str, new: str, record: Record) -> Record:
    if key not in record or (new in record and not hard):
        return record
    copied: Record = {}
    for name, value in record.items():
        if name != new or name == key:
            copied[name] = value
        if name == key:
            copied[new] = value
    return copied


def _move(to_start: bool, wildcard: str, record: Record) -> Record:
    start = wildcard.rstrip("*")
    moved = {k: v for k, v in record.items() if k.startswith(start)}
    rest = {k: v for k, v in record.items() if k not in moved}
    return {**moved, **rest} if to_start else {**rest, **moved}


_ONE_WORD: dict[str, Callable[..., Record]] = {
    "remove": _remove,
    "remove_wildcard": _remove_prefix,
    "remove_regex": _remove_matching,
    "move_to_start": partial(_move, True),
    "move_to_end": partial(_move, False),
}
_TWO_WORDS: dict[str, Callable[..., Record]] = {
    "set": _set,
    "add": _add,
    "rename": partial(_rename, False),
    "hard_rename": partial(_rename, True),
    "copy": partial(_copy, False),
    "hard_copy": partial(_copy, True),
}


def _rule(each: Property) -> _Rule:
    if each.name in _ONE_WORD:
        (word,) = _words(each, 1)
        argument = compile_pattern(word, each.place) if each.name == "remove_regex" else word
        return partial(_ONE_WORD[each.name], argument)
    return partial(_TWO_WORDS[each.name], *_words(each, 2))


# Conditions.


def _condition(each: Property) -> _Condition:
    name, *parts = values.words(each.value, 3)
    wanted = _CONDITIONS.get(name.lower())
    if wanted is None or len(parts) != wanted[0]:
        raise RouterError(
            f"{each.place}: condition is {each.value!r}",
            remedy="see Conditions in docs.fluentbit.io/manual/pipeline/filters/modify",
        )
    return wanted[1](each, parts)


def _exists(wanted: bool, _each: Property, parts: Sequence[str]) -> _Condition:
    get = accessor(parts[0])
    return lambda record: (get(record) is not MISSING) is wanted


def _a_key(wanted: bool, each: Property, parts: Sequence[str]) -> _Condition:
    pattern = compile_pattern(parts[0], each.place)
    return lambda record: any(pattern.search(key) for key in record) is wanted


def _equals(wanted: bool, _each: Property, parts: Sequence[str]) -> _Condition:
    return partial(_compares, accessor(parts[0]), wanted, lambda text: text == parts[1])


def _matches(wanted: bool, each: Property, parts: Sequence[str]) -> _Condition:
    pattern = compile_pattern(parts[1], each.place)
    return partial(
        _compares, accessor(parts[0]), wanted, lambda text: pattern.search(text) is not None
    )


def _compares(get: Get, wanted: bool, compare: Callable[[str], bool], record: Record) -> bool:
    """A condition and its opposite both need the key to be there."""
    text = text_of(get(record))
    return text is not None and compare(text) is wanted


def _matching_keys(wanted: bool, each: Property, parts: Sequence[str]) -> _Condition:
    keys, texts = (compile_pattern(part, each.place) for part in parts)

    def holds(record: Record) -> bool:
        return all(
            (texts.search(text_of(value) or "") is not None) is wanted
            for key, value in record.items()
            if keys.search(key)
        )

    return holds


_Maker = Callable[[Property, Sequence[str]], _Condition]
_CONDITIONS: dict[str, tuple[int, _Maker]] = {
    "key_exists": (1, partial(_exists, True)),
    "key_does_not_exist": (1, partial(_exists, False)),
    "a_key_matches": (1, partial(_a_key, True)),
    "no_key_matches": (1, partial(_a_key, False)),
    "key_value_equals": (2, partial(_equals, True)),
    "key_value_does_not_equal": (2, partial(_equals, False)),
    "key_value_matches": (2, partial(_matches, True)),
    "key_value_does_not_match": (2, partial(_matches, False)),
    "matching_keys_have_matching_values": (2, partial(_matching_keys, True)),
    "matching_keys_do_not_have_matching_values": (2, partial(_matching_keys, False)),
}


def _words(each: Property, count: int) -> list[str]:
    parts = values.words(each.value, count)
    if len(parts) != count:
        raise RouterError(
            f"{each.place}: {each.name} is {each.value!r}",
            remedy="write KEY" if count == 1 else "write KEY VALUE",
        )
    return parts
