"""What a stack looks up outside itself, found by planning it until nothing more is missed."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bonkei.config import Config
from bonkei.definitions.provider.proposals import read_blocks
from bonkei.definitions.terraform.errors import Diagnostic, TerraformError
from bonkei.miniature.applied import workspace
from bonkei.miniature.home import Home

_VARIABLE = re.compile(r'root module input variable "([\w-]+)" is not set')
_MOST_ROUNDS = 12
"""A look-up may need what another one has found."""


@dataclass(frozen=True, slots=True)
class Gaps:
    """`existing`: descriptions of what is looked up and not described yet. `variables`: those
    without a value. `error`: why the definitions still cannot be planned; empty if they can."""

    existing: Sequence[Mapping[str, Any]] = ()
    variables: Sequence[str] = ()
    error: str = ""


def find_gaps(config: Config, report: Callable[[str], None]) -> Gaps:
    """Plan, describe what is missed, and plan again. Nothing is applied, and no file changes."""
    home = Home(config.home).make()
    found: list[Mapping[str, Any]] = []
    for _ in range(_MOST_ROUNDS):
        asked = replace(config, existing=(*config.existing, *found))
        said, error = _plan(asked, home)
        new = [one for each in said for one in read_blocks(each.detail) if one not in found]
        if not new:
            variables = [v for each in said for v in _VARIABLE.findall(each.detail)]
            return Gaps(found, sorted({*variables}), error)
        report(f"{len(new)} {'resource' if len(new) == 1 else 'resources'} looked up outside")
        found += new
    return Gaps(found, (), error)


def _plan(config: Config, home: Home) -> tuple[Sequence[Diagnostic], str]:
    try:
        return workspace(config, home.path).plan().warnings, ""
    except TerraformError as error:
        return error.diagnostics, error.message
