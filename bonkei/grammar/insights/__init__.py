"""Logs Insights' query language: a text is parsed once, and run over events.

parser, expressions, scanner    text in, `syntax` out;   a mistake has its place
run                             each command takes rows and gives rows
rows                            an event's fields;       values: how they compare and are shown
functions, aggregates           of one row, of many
"""

from bonkei.grammar.insights.parser import MOST_ROWS, parse
from bonkei.grammar.insights.rows import LogRecord, Row
from bonkei.grammar.insights.run import Result, run
from bonkei.grammar.insights.syntax import Query, QueryError

__all__ = ["MOST_ROWS", "LogRecord", "Query", "QueryError", "Result", "Row", "parse", "run"]
