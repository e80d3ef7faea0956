"""The whole stack, as a state. Each test removes one thing from it."""

from __future__ import annotations

import re
from copy import deepcopy
from typing import Any

from tests.bonkei.analysis.check.stack.documents import Resources
from tests.bonkei.analysis.check.stack.edge import edge
from tests.bonkei.analysis.check.stack.network import network
from tests.bonkei.analysis.check.stack.operations import operations
from tests.bonkei.analysis.check.stack.permissions import permissions
from tests.bonkei.analysis.check.stack.tasks import tasks


def sound() -> Resources:
    """A copy of the whole stack. Tests may change it."""
    return deepcopy(network() | edge() | tasks() | permissions() | operations())


def state(resources: Resources) -> dict[str, Any]:
    """The resources as `terraform show -json` gives them."""
    entries = []
    for address, values in resources.items():
        parts = re.sub(r"\[[^]]*\]", "", address).split(".")
        entries.append(
            {
                "address": address,
                "mode": "data" if "data" in parts else "managed",
                "type": parts[-2],
                "values": values,
            }
        )
    return {"values": {"root_module": {"resources": entries}}}
