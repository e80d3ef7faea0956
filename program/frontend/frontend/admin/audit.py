"""What a record of the audit trail shows."""

from __future__ import annotations

from collections.abc import Mapping

from frontend.api.model import AuditRecord


def changes(record: AuditRecord) -> tuple[tuple[str, str, str], ...]:
    """Each changed member with its old and new value; empty for a missing one."""
    before, after = record.before or {}, record.after or {}
    names = dict.fromkeys((*before, *after))
    return tuple(
        (name, _words(before.get(name)), _words(after.get(name)))
        for name in names
        if name != "id" and before.get(name) != after.get(name)
    )


def _words(value: object) -> str:
    """A member of any shape as readable text; names and texts come before numbers."""
    if value is None:
        return ""
    if isinstance(value, list | tuple):
        return "\n".join(_words(each) for each in value)
    if isinstance(value, Mapping):
        return ", ".join(_words(each) for name, each in value.items() if each and name != "id")
    return str(value)
