"""Options that are quantities with a unit: `30s`, `80%`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from bonkei.services.faults import quantities


class _Written(click.ParamType[float]):
    """A quantity with its unit."""

    def __init__(self, name: str, read: Callable[[str], float]) -> None:
        self.name = name
        self._read = read

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        if isinstance(value, float):
            return value
        try:
            return self._read(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


DURATION = _Written("time", quantities.seconds)
SIZE = _Written("size", quantities.share_or_bytes)
