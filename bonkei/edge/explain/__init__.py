"""Explains the way of a request without sending it.

values         steps, and the expected result
request        reads a head like the edge, or refuses it
distribution   behavior, web ACL, cache, origin, error pages
listener       web ACL, listener rules, actions
targets        a target group, and its possible targets
firewall       the evaluated rules of a web ACL
words          statements, conditions and headers in words, with masked secrets

Every decision is asked of the code that serves requests: `Choices`, `use_of`, `foresee`,
`first_rule`, `prospects`. Here they are only told. Nothing is counted, cached or sent.
"""

from bonkei.edge.explain.explain import explain_handler, explain_head
from bonkei.edge.explain.values import Considered, Expected, Explanation, Place, Step

__all__ = [
    "Considered",
    "Expected",
    "Explanation",
    "Place",
    "Step",
    "explain_handler",
    "explain_head",
]
