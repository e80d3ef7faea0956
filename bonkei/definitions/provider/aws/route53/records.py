"""Amazon Route 53: hosted zones and records.

https://docs.aws.amazon.com/Route53/latest/APIReference/Welcome.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bonkei.definitions.provider.aws.shared.checks import at, between, length, matches
from bonkei.definitions.provider.aws.shared.formats import address
from bonkei.definitions.provider.aws.shared.import_ids import unexpected
from bonkei.definitions.provider.aws.shared.naming import Mint
from bonkei.definitions.provider.aws.shared.resource import resource
from bonkei.definitions.provider.aws.shared.seeds import HEX, UPPER, scatter
from bonkei.definitions.provider.behaviour import Context, Problem, ResourceBehaviour
from bonkei.definitions.provider.values import Object, Value, given, known_items

_TYPES = (
    *("A", "AAAA", "CAA", "CNAME", "DS", "HTTPS", "MX", "NAPTR", "NS", "PTR", "SOA", "SPF"),
    *("SRV", "SSHFP", "SVCB", "TLSA", "TXT"),
)
_ROUTING = (
    "cidr_routing_policy",
    "failover_routing_policy",
    "geolocation_routing_policy",
    "geoproximity_routing_policy",
    "latency_routing_policy",
    "multivalue_answer_routing_policy",
    "weighted_routing_policy",
)


def _zone(mint: Mint) -> Mapping[str, Value]:
    identifier = f"Z{mint.random(20, UPPER)}"
    private = bool(mint.planned.get("vpc"))
    servers = [] if private else _name_servers(mint.context.token)
    return {
        "id": identifier,
        "zone_id": identifier,
        "arn": mint.arn("route53", f"hostedzone/{identifier}", region="", account=""),
        "name_servers": servers,
        "primary_name_server": servers[0] if servers else "ns-0.awsdns-00.com",
    }


def _name_servers(seed: str) -> list[str]:
    """Four name servers of Route 53, one in each of its top-level domains."""
    return [
        f"ns-{base + int(scatter(f'{seed}/{top}', 3, HEX), 16) % 512}.awsdns-"
        f"{int(scatter(f'{seed}/{top}/n', 2, HEX), 16) % 64:02}.{top}"
        for base, top in ((0, "com"), (512, "net"), (1024, "org"), (1536, "co.uk"))
    ]


def _record(mint: Mint) -> Mapping[str, Value]:
    """A record's full name: its own name if that ends in the zone's name, else its name and the
    zone's."""
    zone_id = str(mint.given("zone_id"))
    name = str(mint.given("name") or "").rstrip(".").lower()
    zones = [
        str(zone.get("name", "")).rstrip(".")
        for zone in mint.context.peers("aws_route53_zone")
        if zone.get("zone_id") == zone_id
    ]
    inside = not zones or name == zones[0] or name.endswith(f".{zones[0]}")
    fqdn = name if inside else f"{name}.{zones[0]}".lstrip(".")
    label = mint.given("set_identifier")
    tail = f"_{label}" if label else ""
    return {
        "id": f"{zone_id}_{name}_{mint.given('type')}{tail}",
        "fqdn": fqdn,
    }


def _record_fits(config: Object) -> Iterator[Problem]:
    alias, records = config.get("alias"), config.get("records")
    has_alias = alias not in (None, [])
    if not has_alias and records is not None and config.get("ttl") is None:
        yield Problem((), "Missing argument", 'A record with "records" needs a "ttl".')
    if has_alias and given(alias) and given(config.get("ttl")):
        detail = "An alias uses its target's time to live."
        yield Problem(("ttl",), "Conflicting arguments", detail)
    routed = any(config.get(name) not in (None, [], False) for name in _ROUTING)
    if routed and config.get("set_identifier") is None:
        detail = 'A record with a routing policy needs a "set_identifier".'
        yield Problem((), "Missing argument", detail)
    kind = config.get("type")
    if kind == "CNAME" and isinstance(records, list) and len(records) > 1:
        detail = "A CNAME has one value."
        yield Problem(("records",), "Invalid records", detail)
    if kind in ("A", "AAAA"):
        check = address(4 if kind == "A" else 6)
        for index, record in enumerate(known_items(records)):
            if wrong := check(str(record)):
                yield Problem(("records", index), "Invalid record", wrong)


def _import_record(identifier: str, _: Context) -> Object:
    parts = identifier.split("_")
    if len(parts) < 3:
        raise unexpected("ZONEID_NAME_TYPE[_SETIDENTIFIER]")
    place = max(index for index, part in enumerate(parts) if part in _TYPES or index == 2)
    return {
        "id": identifier,
        "zone_id": parts[0],
        "name": "_".join(parts[1:place]),
        "type": parts[place],
        **({"set_identifier": "_".join(parts[place + 1 :])} if parts[place + 1 :] else {}),
    }


def _normal(value: Value) -> str:
    return str(value).rstrip(".").lower()


def _same_name(one: Value, other: Value) -> bool:
    return given(one) and given(other) and _normal(one) == _normal(other)


RESOURCES: Mapping[str, ResourceBehaviour] = {
    "aws_route53_zone": resource(
        _zone,
        equivalent={"name": _same_name},
    ),
    "aws_route53_record": resource(
        _record,
        at("name", length(0, 1024)),
        at("zone_id", matches(r"(/hostedzone/)?Z[A-Z0-9]{1,31}", "a hosted zone's id (Z…)")),
        at("ttl", between(0, 2147483647)),
        at("set_identifier", length(1, 128)),
        _record_fits,
        equivalent={"name": _same_name},
        import_=_import_record,
    ),
    "aws_route53_health_check": resource(
        lambda mint: {
            "id": mint.uuid(),
            "arn": mint.arn("route53", f"healthcheck/{mint.uuid()}", region="", account=""),
        },
    ),
    "aws_route53_query_log": resource(
        lambda mint: {
            "id": mint.uuid(),
            "arn": mint.arn("route53", f"queryloggingconfig/{mint.uuid()}", region="", account=""),
        },
    ),
}
