"""Parameters of PostgreSQL, as its own view pg_settings has them.

RDS refuses names and values that its engine does not have (InvalidParameterValue), and a static
parameter that shall change at once (InvalidParameterCombination). "Working with DB parameter
groups" (Amazon RDS User Guide). RDS's own parameters are not known here, so only a name that is
nearly PostgreSQL's is a mistake for sure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import Any

from bonkei.definitions.provider.aws.shared.checks import find
from bonkei.definitions.provider.aws.shared.resource import words
from bonkei.definitions.provider.behaviour import Problem
from bonkei.definitions.provider.values import Object, given

MAJOR = "18"
TABLE = Path(__file__).parents[2] / "data" / f"postgresql-{MAJOR}.tsv"
"""Name, type, when it changes, least and greatest value, and an enumeration's values."""
_EARLIER = words(
    "db_user_namespace default_with_oids force_parallel_mode lc_collate lc_ctype"
    " old_snapshot_threshold operator_precedence_warning promote_trigger_file stats_temp_directory"
    " trace_recovery_messages vacuum_cleanup_index_scale_factor vacuum_defer_cleanup_age"
    " wal_keep_segments"
)
"""Of PostgreSQL 12 to 17."""
_FAMILY = re.compile(r"(?:aurora-postgresql|postgres)(\d+)")
_NEARLY = 0.9
_SWITCH = frozenset(("0", "1", "on", "off", "true", "false"))
_UNLISTED = _SWITCH | {"yes", "no", "debug"}
"""Values of enumerations that PostgreSQL takes without naming them."""


@dataclass(frozen=True, slots=True)
class Setting:
    kind: str  # bool | enum | integer | real | string
    changes: str  # dynamic | static: at a restart | fixed
    least: str = ""
    greatest: str = ""
    values: str = ""


@lru_cache(maxsize=1)
def settings() -> Mapping[str, Setting]:
    """PostgreSQL's, by their names in lower case."""
    lines = TABLE.read_text(encoding="utf-8").splitlines()
    return {name: Setting(*rest) for name, *rest in (line.split("\t") for line in lines)}


def postgresql_parameters(config: Object) -> Iterator[Problem]:
    """The parameters of a group of PostgreSQL's family."""
    family = _FAMILY.fullmatch(str(config.get("family")))
    for place, block in find(config, "parameter") if family else ():
        if isinstance(block, Mapping) and given(block.get("name")):
            name = str(block["name"]).lower()
            setting = settings().get(name)
            if setting is None:
                yield from _unknown(name, place)
            else:
                values = family[1] == MAJOR if family else False
                yield from _problems(name, setting, block, place, judges_values=values)


def _unknown(name: str, place: tuple[str | int, ...]) -> Iterator[Problem]:
    if nearly := get_close_matches(name, settings(), 1, _NEARLY) if name not in _EARLIER else []:
        detail = f"Could not find parameter with name: {name}. PostgreSQL has {nearly[0]}."
        yield Problem((*place, "name"), "InvalidParameterValue", detail)


def _problems(
    name: str,
    setting: Setting,
    block: Mapping[str, Any],
    place: tuple[str | int, ...],
    *,
    judges_values: bool,
) -> Iterator[Problem]:
    if setting.changes == "fixed":
        detail = f"The parameter {name} cannot be modified."
        yield Problem((*place, "name"), "InvalidParameterValue", detail)
    elif setting.changes == "static" and block.get("apply_method") in (None, "immediate"):
        detail = (
            f"cannot use immediate apply method for static parameter {name}: set apply_method to"
            ' "pending-reboot".'
        )
        yield Problem((*place, "name"), "InvalidParameterCombination", detail)
    value = block.get("value")
    if judges_values and given(value) and not _may_be(setting, str(value)):
        allowed = setting.values or "0,1"
        if setting.least:
            allowed = f"{setting.least}-{setting.greatest}"
        detail = f"Invalid parameter value: {value} for: {name} allowed values are: {allowed}"
        yield Problem((*place, "value"), "InvalidParameterValue", detail)


def _may_be(setting: Setting, value: str) -> bool:
    """A formula, such as {DBInstanceClassMemory/9531392}, is not judged."""
    if setting.kind == "string" or "{" in value or "(" in value:
        return True
    if setting.kind == "bool":
        return value.lower() in _SWITCH
    if setting.kind == "enum":
        return value.lower() in _UNLISTED.union(setting.values.split(","))
    try:
        number = int(value) if setting.kind == "integer" else float(value)
    except ValueError:
        return False  # also with a unit
    return float(setting.least) <= number <= float(setting.greatest)
