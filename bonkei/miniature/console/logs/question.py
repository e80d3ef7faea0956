"""A query of Logs Insights from a page, and its rows for the page. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bonkei.blueprint.logs.log_group import QueryDefinition
from bonkei.grammar.insights import parse
from bonkei.miniature.console.estate import MASKED
from bonkei.miniature.console.logs.wish import read_wish
from bonkei.services.console import ConsoleError, Json
from bonkei.services.logs.queries.queries import Started
from bonkei.services.logs.queries.search import Search

MOST_ROWS = 200
_LONGEST = 10_000  # characters of a query, as of StartQuery
_CELL = 1_000  # characters
_ALL = 300_000  # characters of all together


def read_search(
    query: Mapping[str, str], directory: Path, groups: Sequence[str], account: str
) -> Search:
    """Over one group or all of them. A BonkeiError names the place of a mistake in the query."""
    text = query.get("query", "").strip()
    if len(text) > _LONGEST:
        raise ConsoleError(f"a query has {_LONGEST} characters at most")
    parse(text)
    wish = read_wish({**query, "filter": ""}, datetime.now(UTC))
    chosen = (wish.group,) if wish.group else tuple(groups)
    return Search(
        str(directory), chosen, text, account,
        _milliseconds(wish.since, 0), _milliseconds(wish.until, 2**62), MOST_ROWS + 1,
    )  # fmt: skip


def _milliseconds(moment: str, usual: int) -> int:
    return int(datetime.fromisoformat(moment).timestamp() * 1000) if moment else usual


def saved_queries(definitions: Sequence[QueryDefinition]) -> list[Json]:
    return [
        {"name": each.name, "query": each.query, "group": next(iter(each.log_group_names), "")}
        for each in definitions
    ]


def answer_of(started: Started, hidden: Collection[str]) -> Json:
    """`hidden`: secrets that no cell shows. Raises ConsoleError for a query without a result."""
    if started.status != "Complete":
        raise ConsoleError(
            "the query takes too much time or memory"
            if started.status in ("Timeout", "Failed")
            else "the query was stopped",
            remedy="choose a shorter time, or filter earlier",
        )
    result: Mapping[str, Any] = started.result
    columns = [name for name in result["columns"] if name != "@ptr"]
    left, rows = _ALL, []
    for row in result["rows"][:MOST_ROWS]:
        cells = [_masked(row.get(name, "")[:_CELL], hidden) for name in columns]
        left -= sum(map(len, cells))
        if left < 0:
            break
        rows.append(cells)
    numbers = {name: result["statistics"][name] for name in ("matched", "scanned")}
    more = len(rows) < len(result["rows"])
    return {"columns": columns, "rows": rows, "more": more, **numbers}


def _masked(text: str, hidden: Collection[str]) -> str:
    for each in hidden:
        text = text.replace(each, MASKED)
    return text
