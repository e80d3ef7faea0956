"""Topics and actions of data for a console."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bonkei.base.aws_service import AwsServiceError
from bonkei.blueprint import Blueprint
from bonkei.miniature.console.data import held, secrets
from bonkei.miniature.console.data.secrets import Revealed
from bonkei.services.console import Console, ConsoleError, Json
from bonkei.services.console.values import Topic
from bonkei.services.console.views import inert
from bonkei.services.endpoint.looking import Looking, StoredBucket
from bonkei.services.rds.reading.values import Relation, Rows, Table
from bonkei.services.rds.snapshot import DatabaseSnapshot

if TYPE_CHECKING:
    from bonkei.services.rds.reading.reader import Reader

_FRESH = 2.0  # seconds for which the overview stays valid, however often it is requested
_MOST = 100  # the most queues and tables that are counted


@dataclass(frozen=True, slots=True)
class DataSources:
    """`looking`: reads the store, once it exists. `reader`: of a cluster's database, by its
    identifier; raises DatabaseError. `revealed` is called for each value that was shown."""

    blueprint: Callable[[], Blueprint]
    looking: Callable[[], Looking]
    databases: Callable[[], Sequence[DatabaseSnapshot]]
    reader: Callable[[str], Reader]
    revealed: Revealed


def offer_data(console: Console, sources: DataSources) -> None:
    """The topics `data…` and the actions `data.query`, `data.download` and `secret.reveal`."""
    console.topics(
        {
            "data": _remembered(lambda: _overview(sources)),
            **_of_the_store(sources),
            **_of_databases(sources),
        }
    )

    async def reveal(body: Mapping[str, Any]) -> Json:
        given = str(body["kind"]), str(body["key"])
        return await secrets.reveal(sources.looking(), *given, sources.revealed)

    async def download(body: Mapping[str, Any]) -> Json:
        key = inert.decode(str(body["key"]))
        return await held.download(sources.looking(), str(body["bucket"]), key)

    async def query(body: Mapping[str, Any]) -> Json:
        reader = sources.reader(str(body["cluster"]))
        return _rows_shown(await reader.query(str(body["statement"])))

    console.actions({"secret.reveal": reveal, "data.download": download, "data.query": query})


def _of_the_store(
    sources: DataSources,
) -> dict[str, Topic]:
    async def objects(query: Mapping[str, str]) -> Json:
        prefix = inert.decode(query.get("prefix", ""))
        found = await sources.looking().objects(
            query.get("bucket", ""), prefix, query.get("following", "")
        )
        return {**held.listing(found), "prefix": inert.label(prefix)}

    async def one_object(query: Mapping[str, str]) -> Json:
        key = inert.decode(query.get("key", ""))
        return await held.preview(sources.looking(), query.get("bucket", ""), key)

    async def messages(query: Mapping[str, str]) -> Json:
        first = query.get("first", "0")
        arn = _queue(sources.blueprint(), query.get("queue", ""))
        return await held.messages(sources.looking(), arn, int(first) if first.isdigit() else 0)

    async def items(query: Mapping[str, str]) -> Json:
        return await held.items(
            sources.looking(), query.get("table", ""), query.get("following", "")
        )

    async def names(_: Mapping[str, str]) -> Json:
        blueprint, looking = sources.blueprint(), sources.looking()
        of_parameters = {each.name: each.address for each in blueprint.parameters}
        of_secrets = {each.arn: each.address for each in blueprint.secrets}
        found = await secrets.secrets(looking, of_secrets)
        return {"secrets": [*found, *await secrets.parameters(looking, of_parameters)]}

    return {
        "data.objects": objects,
        "data.object": one_object,
        "data.messages": messages,
        "data.items": items,
        "data.secrets": names,
    }


def _of_databases(
    sources: DataSources,
) -> dict[str, Topic]:
    async def relations(query: Mapping[str, str]) -> Json:
        return _relations_shown(await sources.reader(query.get("cluster", "")).relations())

    async def page(query: Mapping[str, str]) -> Json:
        table = Table(inert.decode(query.get("schema", "")), inert.decode(query.get("table", "")))
        offset = query.get("offset", "0")
        reader = sources.reader(query.get("cluster", ""))
        return _rows_shown(await reader.rows(table, int(offset) if offset.isdigit() else 0))

    return {"data.relations": relations, "data.rows": page}


async def _overview(sources: DataSources) -> Json:
    blueprint, looking = sources.blueprint(), sources.looking()
    note = ""
    found: tuple[StoredBucket, ...] = ()
    try:
        found = await looking.buckets()
    except AwsServiceError as error:
        note = error.message
    queues, tables = blueprint.queues[:_MOST], blueprint.tables[:_MOST]
    depths = await asyncio.gather(*(held.depth(looking, each.arn) for each in queues))
    counts = await asyncio.gather(*(held.count(looking, each.name) for each in tables))
    addresses = {each.name: each.address for each in blueprint.buckets}
    return {
        "note": note,
        "buckets": held.buckets(found, addresses),
        "queues": [
            {"name": each.name, "address": each.address, **depth}
            for each, depth in zip(queues, depths, strict=True)
        ],
        "tables": [
            {"name": each.name, "address": each.address, "items": count}
            for each, count in zip(tables, counts, strict=True)
        ],
        "secrets": len(blueprint.secrets) + len(blueprint.parameters),
        "clusters": [
            {
                "name": each.identifier,
                "status": each.status,
                "server": each.server,
                "database": each.database,
                "address": next(
                    (c.address for c in blueprint.database_clusters
                     if c.identifier == each.identifier), ""
                ),
            }
            for each in sources.databases()
        ],
    }  # fmt: skip


def _remembered(
    ask: Callable[[], Awaitable[Json]],
) -> Topic:
    """The store is read from time to time, not for each look."""
    kept: list[tuple[float, Json]] = []

    async def topic(_: Mapping[str, str]) -> Json:
        now = time.monotonic()
        if not kept or now - kept[0][0] > _FRESH:
            kept[:] = [(now, await ask())]
        return kept[0][1]

    return topic


def _queue(blueprint: Blueprint, name: str) -> str:
    for queue in blueprint.queues:
        if queue.name == name:
            return queue.arn
    raise ConsoleError(f"there is no queue {inert.label(name)}", remedy="reload the page")


_RELATIONS = 2_000
_CELLS = 120_000  # characters of all values of an answer


def _relations_shown(found: tuple[Relation, ...]) -> Json:
    return {
        "relations": [
            {
                "schema": inert.named(each.schema),
                "name": inert.named(each.name),
                "kind": each.kind,
                "rows": each.rows if each.rows >= 0 else None,
                "size": each.size,
            }
            for each in found[:_RELATIONS]
        ],
        "more": max(0, len(found) - _RELATIONS),
    }


def _rows_shown(found: Rows) -> Json:
    """Each value is [its beginning, its whole length]; None is NULL."""
    left = _CELLS
    lines: list[Json] = []
    for line in found.rows:
        shown: list[Json] = []
        for value in line:
            text = None if value.text is None else inert.visible(value.text, max(80, left))
            left -= len(text or "")
            shown.append(None if text is None else [text, value.length])
        lines.append(shown)
    return {
        "columns": [
            {
                "name": inert.label(each.name, 255),
                "type": inert.label(each.type, 255),
                "key": each.key >= 0,
                "required": each.is_required,
            }
            for each in found.columns
        ],
        "rows": lines,
        "more": found.more,
        "seconds": round(found.seconds, 3),
        "note": found.note,
    }
