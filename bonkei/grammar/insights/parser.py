"""Reads a query of CloudWatch Logs Insights' own language.

"CloudWatch Logs Insights language query syntax",
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from bonkei.grammar.insights.expressions import take_expression, take_named
from bonkei.grammar.insights.scanner import Scanner
from bonkei.grammar.insights.syntax import (
    Command,
    Dedup,
    Field,
    Fields,
    Filter,
    Limit,
    Parse,
    Query,
    Sort,
    Stats,
    Unnest,
    aggregates_in,
)

MOST_ROWS = 10_000
_MOST_STATS = 2
_NOT_SIMULATED = {
    "pattern": "its clusters come from a model of AWS",
    "anomaly": "it compares with a model that AWS has trained",
    "diff": "it compares the patterns of two periods",
    "source": "name the groups in the call",
    "lookup": "lookup tables are not simulated",
    "join": "joins are not simulated",
    "filterindex": "field indexes are not simulated; use filter",
}


def parse(text: str) -> Query:
    """Raises QueryError with the place of the mistake."""
    scanner = Scanner(text)
    scanner.symbol("|")
    commands = [_command(scanner)]
    while scanner.symbol("|"):
        commands.append(_command(scanner))
    if not scanner.at_end:
        raise scanner.error(f"unexpected `{scanner.text[scanner.position :][:20]}`")
    _check_order(scanner, commands)
    return Query(tuple(commands))


def _command(scanner: Scanner) -> Command:
    start = scanner.position
    name = scanner.word("a command").lower()
    if name in _NOT_SIMULATED:
        raise scanner.error(f"`{name}` is not simulated: {_NOT_SIMULATED[name]}", start)
    if name not in _COMMANDS:
        known = ", ".join(sorted(_COMMANDS))
        raise scanner.error(f"`{name}` is not a command", start, f"there are: {known}")
    return _COMMANDS[name](scanner)


def _check_order(scanner: Scanner, commands: list[Command]) -> None:
    """ "stats" and "dedup" in AWS's pages name these limits."""
    stats = [at for at, each in enumerate(commands) if isinstance(each, Stats)]
    if len(stats) > _MOST_STATS:
        raise scanner.error(f"a query can have at most {_MOST_STATS} stats commands", 0)
    last = stats[-1] if stats else 0
    if len(stats) > 1 and any(isinstance(each, Sort | Limit) for each in commands[:last]):
        raise scanner.error("sort and limit must come after the second stats command", 0)
    for at, each in enumerate(commands):
        if isinstance(each, Dedup) and not all(isinstance(c, Limit) for c in commands[at + 1 :]):
            raise scanner.error("only limit can come after dedup", 0)


def _stats(scanner: Scanner) -> Stats:
    start = scanner.position
    columns = take_named(scanner, aggregates=True)
    for each in columns:
        if next(aggregates_in(each.expression), None) is None:
            raise scanner.error(f"`{each.name}` is not an aggregate, such as count(*)", start)
    return Stats(tuple(columns), tuple(take_named(scanner)) if scanner.keyword("by") else ())


def _sort(scanner: Scanner) -> Sort:
    keys = []
    while True:
        key = take_expression(scanner)
        keys.append((key, scanner.keyword("asc", "desc") == "desc"))
        if not scanner.symbol(","):
            return Sort(tuple(keys))


def _limit(scanner: Scanner) -> Limit:
    start, count = scanner.position, scanner.number()
    if not isinstance(count, int) or not 1 <= count <= MOST_ROWS:
        raise scanner.error(f"limit takes a number from 1 to {MOST_ROWS}", start)
    return Limit(count)


def _unnest(scanner: Scanner) -> Unnest:
    source = take_expression(scanner)
    if not scanner.keyword("into"):
        raise scanner.error("`into` and a name are missing")
    return Unnest(source, scanner.word("a name"))


def _parse(scanner: Scanner) -> Parse:
    """`parse @message "user=* id=*" as user, id`, or a regular expression with named groups."""
    source = Field(scanner.word() if scanner.is_at_word() else "@message")
    start, regex = scanner.position, scanner.regex()
    if regex is not None:
        if not regex.groupindex:
            raise scanner.error("the expression has no named group, such as (?<user>.*)", start)
        return Parse(source, regex, tuple(regex.groupindex))
    glob = scanner.string()
    if glob is None:
        raise scanner.error("a text with `*` or a /regular expression/ is missing")
    if not scanner.keyword("as"):
        raise scanner.error("`as` and names are missing")
    names = [scanner.word("a name")]
    while scanner.symbol(","):
        names.append(scanner.word("a name"))
    if glob.count("*") != len(names):
        stars = f"{glob.count('*')} `*` and {len(names)} names"
        raise scanner.error(f"each `*` needs one name: there are {stars}", start)
    return Parse(source, _of_glob(glob), tuple(names))


def _of_glob(glob: str) -> re.Pattern[str]:
    """Each `*` takes as little as possible; at the end it takes the rest."""
    parts = [re.escape(part) for part in glob.split("*")]
    if len(parts) > 1 and not parts[-1]:
        return re.compile("(.*?)".join(parts[:-1]) + "(.*)", re.DOTALL)
    return re.compile("(.*?)".join(parts), re.DOTALL)


_COMMANDS: Mapping[str, Callable[[Scanner], Command]] = {
    "fields": lambda scanner: Fields(tuple(take_named(scanner))),
    "display": lambda scanner: Fields(tuple(take_named(scanner)), replaces=True),
    "filter": lambda scanner: Filter(take_expression(scanner)),
    "stats": _stats,
    "sort": _sort,
    "limit": _limit,
    "dedup": lambda scanner: Dedup(tuple(one.expression for one in take_named(scanner))),
    "parse": _parse,
    "unnest": _unnest,
}
