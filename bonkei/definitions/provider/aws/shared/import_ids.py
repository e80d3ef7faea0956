"""The parts of ids for `terraform import`."""

from __future__ import annotations

import re

from bonkei.definitions.provider.behaviour import Refused


def parts_of(identifier: str, form: str) -> list[str]:
    """The parts of an id of the form `ROLE:POLICY`. The last part may contain the separator.
    Refused, with the form, when a part is missing.
    """
    separators = re.findall(r"[^A-Z]", form)
    parts = identifier.split(separators[0], len(separators))
    if len(parts) <= len(separators) or not all(parts):
        raise unexpected(form)
    return parts


def unexpected(form: str) -> Refused:
    """The error that shows the expected form."""
    return Refused("Unexpected import id", f"Expected {form}.")
