"""Names of DNS that lead to a resource."""

from __future__ import annotations

from bonkei.blueprint.state import State


def names_of(dns_name: str, state: State) -> set[str]:
    """Those of the declared records, in lower case. Origins and visitors may use them."""
    found: set[str] = set()
    for record in state.managed("aws_route53_record"):
        targets = [alias.text("name") for alias in record.blocks("alias")]
        targets += record.texts("records") if record.text("type", "") == "CNAME" else ()
        if any(_same_name(target, dns_name) for target in targets):
            found.add((record.text("fqdn", "") or record.text("name")).rstrip(".").lower())
    return found


def _same_name(target: str, dns_name: str) -> bool:
    return target.rstrip(".").lower().removeprefix("dualstack.") == dns_name.lower()
