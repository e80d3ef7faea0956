"""What a reader of one type takes and gives, and when two values are the same."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from bonkei.base.aws_service import AwsServiceError

Json = Mapping[str, Any]
Ask = Callable[[str, str, Json], Json]
"""An answer of a service: botocore's name of it, the operation, its parameters. Raises
AwsServiceError."""
Changed = Iterator[tuple[str, dict[str, Any] | None]]
"""By a resource's id, the attributes that are different now. None: the resource is gone."""
Reader = Callable[[Sequence[Json], Ask], Changed]
"""Of one type: its resources' attributes in the state."""


def answered(ask: Ask, service: str, operation: str, given: Json, *gone: str) -> Json | None:
    """The answer; None if the service refuses with one of the codes `gone`."""
    try:
        return ask(service, operation, given)
    except AwsServiceError as error:
        if error.code.rpartition("#")[2] in gone:
            return None
        raise


def compared(before: Json, now: Json | None) -> Changed:
    """What is different of one resource. `now` is None: it is gone."""
    if now is None:
        yield before["id"], None
    elif changed := differences(before, now):
        yield before["id"], changed


def differences(before: Json, now: Json) -> dict[str, Any]:
    """The attributes of `now` that `before` has otherwise."""
    return {name: value for name, value in now.items() if _plain(value) != _plain(before.get(name))}


def _plain(value: Any) -> Any:
    """The value without what a state may write in two ways: nothing, the order of a set, the type
    of a number, the spelling of a document."""
    if isinstance(value, str) and value.startswith("{"):
        try:
            return json.loads(value)
        except ValueError:
            return value
    if isinstance(value, Mapping):
        return {name: plain for name, each in value.items() if (plain := _plain(each))} or None
    if isinstance(value, list | tuple):
        return sorted(map(_plain, value), key=repr) or None
    return value or None


def in_groups(names: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    """The names, so many at a time as a call takes."""
    for start in range(0, len(names), size):
        yield names[start : start + size]
