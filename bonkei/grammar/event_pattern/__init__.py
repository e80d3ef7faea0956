"""EventBridge's event patterns, which SNS and Lambda use, too. Pure.

They are judged as by AWS's open-source Event Ruler, https://github.com/aws/event-ruler.
"Creating event patterns in Amazon EventBridge",
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html

conditions  one value of a field's list: a value, or an operator
numeric, addresses  two operators: numbers, and IP addresses
complexity  how much work wildcards may be
values      a condition as a value, and the refusal of a pattern
rules       the pattern as alternatives of fields, and whether an event matches
"""

from bonkei.grammar.event_pattern.rules import Event, parse_event_pattern, parse_pattern
from bonkei.grammar.event_pattern.values import EventPatternError

__all__ = ["Event", "EventPatternError", "parse_event_pattern", "parse_pattern"]
