"""The provider hashicorp/time (version 0.13): points in time that are kept in the state.

`time_sleep` does not sleep: it gives AWS's changes the time to spread, and here they have at once.
`time_rotating` is left out: nothing here ends a resource because time has passed.
"""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from bonkei.definitions.provider.addresses import VERSIONS
from bonkei.definitions.provider.behaviour import Context, Refused, ResourceBehaviour
from bonkei.definitions.provider.provider import Provider, assemble
from bonkei.definitions.provider.schema import Attribute, Block, ProviderSchema, computed, optional
from bonkei.definitions.provider.values import Object, Value

ADDRESS = "registry.terraform.io/hashicorp/time"

_PARTS = ("year", "month", "day", "hour", "minute", "second", "unix")
_OFFSETS = ("years", "months", "days", "hours", "minutes", "seconds")
_TRIGGERS = {"triggers": optional(["map", "string"]), "id": computed()}
_MOMENT = {name: computed("number") for name in _PARTS}
_GIVEN_OR_NOW = Attribute("string", optional=True, computed=True)

_BLOCKS = {
    "time_sleep": Block(
        {"create_duration": optional(), "destroy_duration": optional(), **_TRIGGERS}
    ),
    "time_static": Block({"rfc3339": _GIVEN_OR_NOW, **_MOMENT, **_TRIGGERS}),
    "time_offset": Block(
        {
            "base_rfc3339": _GIVEN_OR_NOW,
            "rfc3339": computed(),
            **{f"offset_{name}": optional("number") for name in _OFFSETS},
            **_MOMENT,
            **_TRIGGERS,
        }
    ),
}


def provider() -> Provider:
    """The provider: `time_sleep`, `time_static` and `time_offset`."""
    return assemble(
        Provider(
            schema=ProviderSchema(ADDRESS, VERSIONS[ADDRESS], resources=_BLOCKS),
            resources={
                "time_sleep": ResourceBehaviour(
                    mint=lambda _, context: {"id": context.now}, force_new=frozenset({"triggers"})
                ),
                "time_static": ResourceBehaviour(
                    mint=_static, force_new=frozenset({"triggers", "rfc3339"})
                ),
                "time_offset": ResourceBehaviour(
                    mint=_offset,
                    force_new=frozenset({"triggers", "base_rfc3339"}),
                    recomputed_on_change={
                        name: frozenset(f"offset_{unit}" for unit in _OFFSETS)
                        for name in ("rfc3339", *_PARTS)
                    },
                ),
            },
        )
    )


def _static(planned: Object, context: Context) -> Object:
    moment = _moment(planned.get("rfc3339"), context, "rfc3339")
    return {"id": _written(moment), "rfc3339": _written(moment), **_parts(moment)}


def _offset(planned: Object, context: Context) -> Object:
    base = _moment(planned.get("base_rfc3339"), context, "base_rfc3339")
    moment = _moved(base, {unit: planned.get(f"offset_{unit}") or 0 for unit in _OFFSETS})
    written = _written(base)
    return {
        "id": written,
        "base_rfc3339": written,
        "rfc3339": _written(moment),
        **_parts(moment),
    }


def _moment(text: Value, context: Context, argument: str) -> datetime:
    given = text if isinstance(text, str) else context.now
    try:
        moment = datetime.fromisoformat(given)
    except ValueError:
        detail = f'"{given}" is not a time as in RFC 3339, such as 2025-01-31T09:00:00Z.'
        raise Refused("Invalid time", detail, (argument,)) from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)


def _moved(base: datetime, by: Mapping[str, int]) -> datetime:
    """Years and months move the calendar's page: a day that is not there overflows into the next
    month, as in Go's time.AddDate."""
    months = base.year * 12 + base.month - 1 + by["years"] * 12 + by["months"]
    year, month = divmod(months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    overflow = max(0, base.day - last)
    moved = base.replace(year=year, month=month + 1, day=min(base.day, last))
    return moved + timedelta(
        days=by["days"] + overflow, hours=by["hours"], minutes=by["minutes"], seconds=by["seconds"]
    )


def _written(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _parts(moment: datetime) -> Object:
    parts = {name: getattr(moment, name) for name in _PARTS if name != "unix"}
    return {**parts, "unix": int(moment.timestamp())}
