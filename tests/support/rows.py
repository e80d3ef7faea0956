"""Access records as the edge hands them over, and back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from bonkei.services.edge.client.access import AccessHook, AccessRecord, Kind, Row


def rows_of(*records: AccessRecord) -> list[Row]:
    """Rows of these records; those that have the same in common have one kind."""
    kinds: dict[AccessRecord, Kind] = {}
    found: list[Row] = []
    for each in records:
        verdicts = tuple((verdict, []) for verdict, _ in each.inspections)
        own = each._replace(
            client_port=0, target="", headers=(), received_bytes=0, sent_bytes=0, seconds=0.0,
            trace_id="", connection=0, edge_id="", retries="", inspections=(),
        )  # fmt: skip
        key = own._replace(retries=repr(verdicts))
        kind = kinds.setdefault(key, Kind(each))
        found.append(row_of(each, kind))
    return found


def row_of(record: AccessRecord, kind: Kind) -> Row:
    """The row of a record of this kind."""
    return (
        kind, record.client_port, record.target, record.headers, record.inspections,
        record.received_bytes, record.sent_bytes, record.seconds, record.trace_id,
        record.connection, record.edge_id, record.retries,
    )  # fmt: skip


def records_of(rows: Iterable[Row]) -> list[AccessRecord]:
    """The whole records of rows."""
    return [row[0].record(row) for row in rows]


def keeping(keep: Callable[[Sequence[AccessRecord]], object]) -> AccessHook:
    """A hook of the edge that keeps whole records."""

    def hook(rows: Sequence[Row]) -> None:
        keep(records_of(rows))

    return hook
