"""The queries of the table browser. The only text from a user in them are quoted names."""

from __future__ import annotations

from typing import LiteralString

from psycopg import sql

from bonkei.services.rds.reading.values import Column, Table

SHOWN = 1_000
"""So many characters of a value are read."""

TABLES: LiteralString = """
    SELECT n.nspname, c.relname, c.relkind::text, greatest(c.reltuples, -1)::bigint::text,
        CASE WHEN c.oid IN (
            SELECT relation FROM pg_catalog.pg_locks
            WHERE mode = 'AccessExclusiveLock' AND relation IS NOT NULL
        ) THEN c.relpages::bigint * 8192 ELSE coalesce(pg_catalog.pg_table_size(c.oid), 0) END::text
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')
    AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%'
    ORDER BY 1, 2
"""
"""Schema, name, kind, estimated rows (-1: never counted), bytes. A table with an exclusive lock has
its size from the catalogue, so that the lock is not waited for."""

COLUMNS: LiteralString = """
    SELECT a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod),
        coalesce(array_position(i.indkey::int2[], a.attnum), -1)::text, a.attnotnull::text
    FROM pg_catalog.pg_attribute a
    LEFT JOIN pg_catalog.pg_index i ON i.indrelid = a.attrelid AND i.indisprimary
    WHERE a.attrelid = pg_catalog.to_regclass({}) AND a.attnum > 0 AND NOT a.attisdropped
    ORDER BY a.attnum
"""
"""Name, type, place in the primary key (-1: none), whether NULL is refused."""


def columns(table: Table) -> sql.Composed:
    """`COLUMNS` of a table; empty if no table has that name."""
    name = sql.Identifier(table.schema, table.name).as_string(None)
    return sql.SQL(COLUMNS).format(sql.Literal(name))


def page(table: Table, found: tuple[Column, ...], offset: int, rows: int) -> sql.Composed:
    """The beginning of each value and its whole length, in the order of the primary key."""
    shown = [
        sql.SQL("left({0}::text, {1}), length({0}::text)").format(
            sql.Identifier(each.name), sql.Literal(SHOWN)
        )
        for each in found
    ]
    keys = sorted((each for each in found if each.key >= 0), key=lambda each: each.key)
    order: sql.Composable = sql.SQL("")
    if keys:
        names = sql.SQL(", ").join(sql.Identifier(each.name) for each in keys)
        order = sql.SQL(" ORDER BY {}").format(names)
    return sql.SQL("SELECT {} FROM {}{} LIMIT {} OFFSET {}").format(
        sql.SQL(", ").join(shown) if shown else sql.SQL("1"),
        sql.Identifier(table.schema, table.name),
        order,
        sql.Literal(rows),
        sql.Literal(offset),
    )
