"""Isolation: tasks must not reach the internet, only CloudFront may reach the load balancer, and
only services the database."""

from __future__ import annotations

from collections.abc import Iterator

from bonkei.analysis.check.finding import Problem
from bonkei.analysis.check.subject import Subject, error, warning
from bonkei.analysis.network.reach import known_groups, leads_out
from bonkei.blueprint import Blueprint
from bonkei.blueprint.ec2.security_group import SecurityGroupRule
from bonkei.blueprint.elbv2 import LoadBalancer
from bonkei.blueprint.lambda_.function import Function
from bonkei.blueprint.wafv2 import (
    And,
    ByteMatch,
    Or,
    Statement,
    WebAcl,
)

_CLOUDFRONT_LISTS = (
    "com.amazonaws.global.cloudfront.origin-facing",
    "com.amazonaws.global.ipv6.cloudfront.origin-facing",
)
RULES_PER_GROUP = 60


@warning(
    "No route leads from a service's subnets to the internet",
    "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/security-network.html",
)
def app_has_no_way_out(subject: Subject) -> Iterator[Problem]:
    network = subject.blueprint.network
    for service in subject.blueprint.services:
        for subnet_id in service.subnet_ids:
            subnet = network.subnet(subnet_id)
            if subnet is not None and (route := leads_out(subnet)):
                yield Problem(
                    route,
                    f"{service.name}'s subnet {subnet.address} has a route to the internet",
                    "reach AWS through VPC endpoints and remove the route, so that a compromised"
                    " program cannot send data out",
                )


@warning(
    "A task asks for no public IP address",
    "https://docs.aws.amazon.com/securityhub/latest/userguide/ecs-controls.html#ecs-2",
)
def task_has_no_public_ip(subject: Subject) -> Iterator[Problem]:
    for service in subject.blueprint.services:
        if service.assign_public_ip:
            yield Problem(
                service.address,
                f"{service.name}'s tasks ask for public IP addresses",
                "set assign_public_ip = false",
                "network_configuration",
            )


@error(
    "Only CloudFront's addresses reach a load balancer behind it",
    "https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/restrict-access-to-load-balancer.html",
)
def only_cloudfront_reaches_load_balancer(subject: Subject) -> Iterator[Problem]:
    blueprint = subject.blueprint
    for balancer, _, _ in _behind_distributions(blueprint):
        for group in known_groups(blueprint, balancer.security_group_ids):
            for rule in group.ingress():
                for source in _not_cloudfront(blueprint, rule):
                    yield Problem(
                        rule.address,
                        f"{balancer.name} is behind CloudFront, but allows {source}",
                        f"allow only CloudFront's managed prefix list ({_CLOUDFRONT_LISTS[0]})",
                    )


@error(
    "The web ACL requires the header and value that the distribution adds",
    "https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/restrict-access-to-load-balancer.html",
)
def load_balancer_checks_the_header(subject: Subject) -> Iterator[Problem]:
    """All customers' distributions share the prefix list; only the header identifies your own."""
    blueprint = subject.blueprint
    for balancer, headers, address in _behind_distributions(blueprint):
        acl = next((acl for acl in blueprint.web_acls if balancer.arn in acl.protects), None)
        if balancer.internal:  # reached through a VPC origin, and so only by one's own distribution
            continue
        if acl is None and balancer.web_acl_arn:  # outside the definitions
            continue
        if acl is None:
            yield Problem(
                balancer.address,
                f"{balancer.name} is behind CloudFront, and no web ACL checks the origin of"
                " requests",
                "associate a REGIONAL web ACL that allows only requests with the distribution's"
                " header",
            )
        elif acl.default_action.kind != "block":
            yield Problem(
                acl.address,
                f"{acl.name} allows requests that none of its rules matches",
                "block by default, and allow requests with the distribution's header",
                "default_action",
            )
        else:
            yield from _header_mismatch(acl, headers, address)


def _header_mismatch(
    acl: WebAcl, headers: tuple[tuple[str, str], ...], distribution: str
) -> Iterator[Problem]:
    """Compare the headers. `headers` are the distribution's; the rules that allow name header and
    value."""
    sent = {name.lower(): value.encode() for name, value in headers}
    allowing = [rule for rule in acl.rules if rule.action.kind == "allow"]
    wanted = [match for rule in allowing for match in _header_matches(rule.statement)]
    if not wanted:
        yield Problem(
            acl.address,
            f"{acl.name} allows nothing by a header",
            "allow requests with the header that the distribution adds",
            "rule",
        )
        return
    names = {match.field.name.lower() for match in wanted}
    if not names & sent.keys():
        yield Problem(
            distribution,
            f"{acl.name} requires the header {' or '.join(sorted(names))}, but the distribution"
            " does not add it",
            "add it as custom_header of the origin",
            "origin",
        )
    elif all(
        m.search_string != m.search_string.lower() and "LOWERCASE" in m.transformations
        for m in wanted
    ):
        yield Problem(
            acl.address,
            f"{acl.name} compares the header in lower case with a value that has capitals:"
            " everything would be blocked",
            "set the text transformation to NONE",
            "rule",
        )
    elif not any(sent.get(m.field.name.lower()) == m.search_string for m in wanted):
        yield Problem(
            acl.address,
            f"the value that {acl.name} requires in {' or '.join(sorted(names))} differs from the"
            " distribution's: everything would be blocked",
            "take both from one value",
            "rule",
        )


def _required_headers(acl: WebAcl | None) -> set[str]:
    allowing = [rule for rule in acl.rules if rule.action.kind == "allow"] if acl else []
    return {m.field.name.lower() for rule in allowing for m in _header_matches(rule.statement)}


def _header_matches(statement: Statement) -> Iterator[ByteMatch]:
    match statement:
        case ByteMatch(field=field, positional_constraint="EXACTLY"):
            if field.kind == "single_header":
                yield statement
        case And(statements) | Or(statements):
            for item in statements:
                yield from _header_matches(item)


@warning(
    "A web ACL's log leaves out the header that opens the load balancer",
    "https://docs.aws.amazon.com/waf/latest/developerguide/logging-management-configure.html",
)
def header_is_not_logged(subject: Subject) -> Iterator[Problem]:
    """Who reads it in a log needs no distribution any more."""
    blueprint = subject.blueprint
    for balancer, headers, _ in _behind_distributions(blueprint):
        acls = {acl.arn: acl for acl in blueprint.web_acls if balancer.arn in acl.protects}
        for log in blueprint.waf_logs:
            acl = acls.get(log.web_acl_arn)
            secret = {name.lower() for name, _ in headers} & _required_headers(acl)
            shown = secret - {name for kind, name in log.redacted if kind == "single_header"}
            if shown:
                yield Problem(
                    log.address,
                    f"the log shows {', '.join(sorted(shown))}, which CloudFront adds",
                    "name it in redacted_fields",
                    "redacted_fields",
                )


@error(
    "Only the services reach the database",
    "https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Overview.RDSSecurityGroups.html",
)
def only_services_reach_database(subject: Subject) -> Iterator[Problem]:
    blueprint = subject.blueprint
    strangers = _groups_of_others(blueprint)
    for cluster in blueprint.database_clusters:
        for group in known_groups(blueprint, cluster.security_group_ids):
            for rule in group.ingress():
                if not rule.covers("tcp", cluster.port):
                    continue
                sources = [*rule.cidr_blocks, *rule.prefix_list_ids]
                sources += [strangers[g] for g in rule.security_group_ids if g in strangers]
                for source in sources:
                    yield Problem(
                        rule.address,
                        f"{cluster.identifier} can be reached from {source}",
                        "allow only the security groups of the services that use it",
                    )


@error(
    "A security group's rules, with the weight of prefix lists, fit its quota",
    "https://docs.aws.amazon.com/vpc/latest/userguide/working-with-aws-managed-prefix-lists.html",
)
def prefix_lists_fit_the_quota(subject: Subject) -> Iterator[Problem]:
    blueprint = subject.blueprint
    for group in blueprint.security_groups:
        for rules in (group.ingress(), group.egress()):
            weight = sum(_weight(blueprint, rule) for rule in rules)
            if weight > RULES_PER_GROUP:
                yield Problem(
                    group.address,
                    f"the {rules[0].direction} rules count as {weight}, and a security group has"
                    f" {RULES_PER_GROUP}",
                    "allow one port only where a managed prefix list is the peer, split the group,"
                    " or have the quota raised and allow this finding with that reason",
                )


def _weight(blueprint: Blueprint, rule: SecurityGroupRule) -> int:
    """A prefix list counts as its weight: "Prefix list weight"."""
    known = [blueprint.network.prefix_list(item) for item in rule.prefix_list_ids]
    v4 = [block for block in rule.cidr_blocks if ":" not in block]
    v6 = len(rule.cidr_blocks) - len(v4)
    lists = sum(found.weight if found else 1 for found in known)
    return max(len(v4), v6) + lists + len(rule.security_group_ids)


def _behind_distributions(
    blueprint: Blueprint,
) -> Iterator[tuple[LoadBalancer, tuple[tuple[str, str], ...], str]]:
    """Load balancers that are an origin, with the headers that their distributions add."""
    for distribution in blueprint.distributions:
        for origin in distribution.origins:
            for balancer in blueprint.load_balancers:
                names = {balancer.dns_name.lower(), *balancer.aliases}
                if origin.domain_name.lower() in names:
                    yield balancer, origin.headers, distribution.address


def _not_cloudfront(blueprint: Blueprint, rule: SecurityGroupRule) -> Iterator[str]:
    yield from rule.cidr_blocks
    for identifier in rule.prefix_list_ids:
        found = blueprint.network.prefix_list(identifier)
        if found is not None and found.name not in _CLOUDFRONT_LISTS:
            yield f"the prefix list {found.name}"


def _groups_of_others(blueprint: Blueprint) -> dict[str, str]:
    """Security groups of resources other than services and databases, with the resource's name."""
    services = {g for service in blueprint.services for g in service.security_group_ids}
    holders = [
        *((b.security_group_ids, b.name) for b in blueprint.load_balancers),
        *((f.security_group_ids, f.name) for f in blueprint.functions if not _uses(f, blueprint)),
        *((p.security_group_ids, p.name) for p in blueprint.build_projects),
        *((e.security_group_ids, e.address) for e in blueprint.network.endpoints),
    ]
    return {g: name for groups, name in holders for g in groups if g not in services}


def _uses(function: Function, blueprint: Blueprint) -> bool:
    """Whether a function's environment names a database: it is a client like a service."""
    values = [value for _, value in function.environment]
    names = [n for c in blueprint.database_clusters for n in (c.endpoint, c.reader_endpoint) if n]
    return any(name in value for name in names for value in values)
