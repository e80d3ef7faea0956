"""Filter patterns of CloudWatch Logs: read once, matched fast.

    pattern       the entrance: chooses among the three syntaxes; a match and its values
    terms         ERROR "out of memory" -DEBUG, ?ERROR ?WARN, %regex%
    json_pattern  { $.level = "ERROR" && $.latency > 50 }, with selector
    fields        [ip, ..., status = 4*, bytes > 1000]
    regex         which expressions are allowed; expression: whether a text has one, in bounded time
    value         the values to compare with; scanner: the place of a mistake

"Filter pattern syntax for metric filters, subscription filters, filter log events, and Live Tail",
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
"""

from bonkei.grammar.filter_pattern.pattern import FilterPattern, Match, parse
from bonkei.grammar.filter_pattern.scanner import FilterPatternError

__all__ = ["FilterPattern", "FilterPatternError", "Match", "parse"]
