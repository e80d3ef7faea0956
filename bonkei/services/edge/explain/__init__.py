"""Explains the way of a request without sending it.

explain        the whole way, from the bytes of a head
values         steps, and the expected result
distribution   behavior, web ACL, cache, origin, error pages
listener       web ACL, listener rules, actions
targets        a target group, and its possible targets
firewall       the evaluated rules of a web ACL
words          statements, conditions and headers in words, with masked secrets

Every decision is asked of the code that serves requests: `Choices`, `use_of`, `foresee`,
`first_rule`, `prospects`. Here they are only told. Nothing is counted, cached or sent.
The edge loads all but the values when it is asked.
"""

from bonkei.services.edge.explain.values import Considered, Expected, Explanation, Place, Step

__all__ = [
    "Considered",
    "Expected",
    "Explanation",
    "Place",
    "Step",
]
