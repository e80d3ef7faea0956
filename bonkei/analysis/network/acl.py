"""Network ACLs: stateless, by subnet.

"Control subnet traffic with network access control lists",
https://docs.aws.amazon.com/vpc/latest/userguide/vpc-network-acls.html
"""

from __future__ import annotations

from ipaddress import ip_network

from bonkei.blueprint.ec2 import AclRule, Network, NetworkAcl, Subnet

EPHEMERAL = (32768, 60999)
"""The ports on which Linux receives answers ("Ephemeral ports", on the page above)."""
_HTTPS = 443
_INTERNET = "0.0.0.0/0"


def acl_obstacle(network: Network, source: Subnet, target: Subnet | None, port: int) -> str:
    """Say why an ACL stops TCP to `port` or its answers. The result is empty when both pass.
    Without a `target`, the peer is the internet. Within one subnet, ACLs do not apply. A subnet
    without a declared ACL has the VPC's default ACL, which allows everything."""
    if target is not None and target.id == source.id:
        return ""
    here, there = source.cidr_block, target.cidr_block if target else _INTERNET
    ports = (port, port)
    if own := acl_of(network, source.id):
        if not _passes(own, "egress", there, ports):
            return f"{own.address} lets nothing out of {source.address} on port {port}"
        if not _passes(own, "ingress", there, EPHEMERAL):
            return f"{own.address} lets no answers into {source.address}"
    if target is not None and (other := acl_of(network, target.id)):
        if not _passes(other, "ingress", here, ports):
            return f"{other.address} lets nothing into {target.address} on port {port}"
        if not _passes(other, "egress", here, EPHEMERAL):
            return f"{other.address} lets no answers out of {target.address}"
    return ""


def acl_obstacle_to_gateway_endpoint(network: Network, source: Subnet) -> str:
    """Why an ACL stops HTTPS to every public address; empty when it lets some through. A service's
    addresses are in a prefix list, and an ACL names some of them, because it cannot name the list.

    "Gateway endpoints", "Considerations": the ACL of the subnet has to let them through.
    """
    own = acl_of(network, source.id)
    if own is None:
        return ""
    if not _passes_some(own, "egress", (_HTTPS, _HTTPS)):
        return f"{own.address} lets nothing out of {source.address} on port {_HTTPS}"
    if not _passes_some(own, "ingress", EPHEMERAL):
        return f"{own.address} lets no answers into {source.address}"
    return ""


def _passes_some(acl: NetworkAcl, direction: str, ports: tuple[int, int]) -> bool:
    for rule in acl.rules:
        if rule.direction != direction or rule.protocol not in ("-1", "tcp"):
            continue
        if _fits(rule, _INTERNET, ports)[1]:
            return rule.allows
        touches = _fits(rule, _INTERNET, ports)[0]
        if rule.allows and touches and not ip_network(rule.cidr_block, strict=False).is_private:
            return True
    return False


def acl_of(network: Network, subnet_id: str) -> NetworkAcl | None:
    """The declared ACL of a subnet."""
    return next((acl for acl in network.acls if subnet_id in acl.subnet_ids), None)


def _passes(acl: NetworkAcl, direction: str, peer: str, ports: tuple[int, int]) -> bool:
    """Whether the rule decides. A rule for only a part of the ports or of the peer counts only if
    it denies."""
    for rule in acl.rules:
        if rule.direction != direction or rule.protocol not in ("-1", "tcp"):
            continue
        touches, covers = _fits(rule, peer, ports)
        if covers:
            return rule.allows
        if touches and not rule.allows:
            return False
    return False


def _fits(rule: AclRule, peer: str, ports: tuple[int, int]) -> tuple[bool, bool]:
    try:
        wanted, given = ip_network(rule.cidr_block, strict=False), ip_network(peer, strict=False)
    except ValueError:
        return False, False
    if wanted.version != given.version:
        return False, False
    low, high = ports
    touches = wanted.overlaps(given) and rule.from_port <= high and rule.to_port >= low
    within = given.subnet_of(wanted) and rule.from_port <= low and rule.to_port >= high  # type: ignore[arg-type]
    return touches, within
