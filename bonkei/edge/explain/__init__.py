"""Why a request goes as it goes: told without sending it.

values         steps, and what is to be expected
request        a head as the edge reads it, or refuses it
distribution   behavior, web ACL, cache, origin, error pages
listener       web ACL, listener rules, actions
targets        a target group, and the targets that may be chosen
firewall       the rules of a web ACL that are asked
words          statements, conditions and headers in words, secrets masked

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
