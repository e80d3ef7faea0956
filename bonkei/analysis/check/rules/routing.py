"""Reachable rules, and a cache that stores no personal responses."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache

from bonkei.analysis.check.finding import Problem
from bonkei.analysis.check.subject import Subject, error, warning
from bonkei.blueprint.cloudfront import Behavior, Distribution, Selection
from bonkei.blueprint.elbv2 import (
    Condition,
    Forward,
    HostHeader,
    HttpHeader,
    ListenerRule,
    PathPattern,
)

_LISTENER_RULES = (
    "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/listener-rules.html"
)
_CLOUDFRONT = "https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide"

# Directories and extensions of files that are the same for all viewers.
_STATIC = re.compile(
    r"(?i)(^|/)(_?next|_?nuxt|assets?|build|css|dist|fonts?|icons?|images?|img|js|media|packs?"
    r"|public|resources?|s?static|static-\w+|vendor|\.well-known)(/|$)|\.\w{2,5}$|\.\*$"
)
_WRITING = {"DELETE", "PATCH", "POST", "PUT"}


@warning(
    "Terraform leaves the weights alone that a deployment shifts",
    "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/alb-resources-for-blue-green.html",
)
def shifted_weights_are_left_alone(subject: Subject) -> Iterator[Problem]:
    """After a deployment the weights are those of ECS. An apply that writes the declared ones again
    sends visitors to the other target group, which may have no tasks."""
    shifted = {
        arn: service.name
        for service in subject.blueprint.services
        if service.shift is not None
        for target in service.targets
        for arn in (target.production_rule, target.test_rule)
    }
    for balancer in subject.blueprint.load_balancers:
        for listener in balancer.listeners:
            for rule in listener.rules:
                ignored = subject.ignored(rule.address)
                if rule.arn in shifted and ignored is not None and not ignored & {"action", "all"}:
                    yield Problem(
                        rule.address,
                        f"deployments of {shifted[rule.arn]} shift the weights of this rule, and"
                        " the next apply would set them back",
                        "let its lifecycle have ignore_changes = [action]",
                        "action",
                    )


@error(
    "CloudFront uses a port on which the load balancer listens",
    f"{_CLOUDFRONT}/DownloadDistValuesOrigin.html",
)
def origin_listens(subject: Subject) -> Iterator[Problem]:
    """CloudFront connects to a port with a listener."""
    for distribution in subject.blueprint.distributions:
        for origin in distribution.origins:
            for balancer in subject.blueprint.load_balancers:
                if origin.domain_name.lower() not in {balancer.dns_name.lower(), *balancer.aliases}:
                    continue
                wanted = {
                    "http-only": {("HTTP", origin.http_port)},
                    "https-only": {("HTTPS", origin.https_port)},
                    "match-viewer": {("HTTP", origin.http_port), ("HTTPS", origin.https_port)},
                }[origin.protocol_policy]
                there = {(found.protocol, found.port) for found in balancer.listeners}
                if balancer.listeners and not wanted & there:
                    ways = " or ".join(f"{protocol} on {port}" for protocol, port in sorted(wanted))
                    yield Problem(
                        distribution.address,
                        f"CloudFront reaches the origin {origin.id} by {ways}, but {balancer.name}"
                        " does not listen there",
                        "set the origin's protocol and port to a listener's",
                        "custom_origin_config",
                    )


@error(
    "No listener rule takes all requests of a later one",
    _LISTENER_RULES,
)
def listener_rule_is_reached(subject: Subject) -> Iterator[Problem]:
    for balancer in subject.blueprint.load_balancers:
        for listener in balancer.listeners:
            for index, rule in enumerate(listener.rules):
                earlier = next((e for e in listener.rules[:index] if _takes_all(e, rule)), None)
                if earlier is not None:
                    yield Problem(
                        rule.address,
                        f"{earlier.address} has priority {earlier.priority}, before"
                        f" {rule.priority}, and takes every request of this rule",
                        "give the narrower rule the lower number",
                        "priority",
                    )


def _takes_all(earlier: ListenerRule, rule: ListenerRule) -> bool:
    """Whether each condition of the earlier rule holds for all requests of the later one."""
    return all(any(_covers(c, own) for own in rule.conditions) for c in earlier.conditions) and (
        bool(earlier.conditions)
    )


def _covers(wide: Condition, narrow: Condition) -> bool:
    match wide, narrow:
        case PathPattern(outer), PathPattern(inner):
            return _all_covered(inner, outer)
        case HostHeader(outer), HostHeader(inner):
            return _all_covered([v.lower() for v in inner], [v.lower() for v in outer])
        case HttpHeader(name, outer), HttpHeader(other, inner):
            return name.lower() == other.lower() and _all_covered(inner, outer)
    return wide == narrow


def _all_covered(inner: Iterable[str], outer: Iterable[str]) -> bool:
    outer = tuple(outer)
    return all(any(_pattern(wide).fullmatch(value) for wide in outer) for value in inner)


@cache
def _pattern(glob: str) -> re.Pattern[str]:
    """An expression over patterns: `*` also matches `*` and `?`; `?` matches one character except
    `*`."""
    parts = {"*": ".*", "?": "[^*]"}
    return re.compile("".join(parts.get(c, re.escape(c)) for c in glob), re.DOTALL)


@error(
    "No cache behavior takes all requests of a later one",
    f"{_CLOUDFRONT}/DownloadDistValuesCacheBehavior.html",
)
def cache_behavior_is_reached(subject: Subject) -> Iterator[Problem]:
    for distribution in subject.blueprint.distributions:
        for index, behavior in enumerate(distribution.behaviors[:-1]):
            for earlier in distribution.behaviors[:index]:
                if _pattern(_rooted(earlier)).fullmatch(_rooted(behavior)):
                    yield Problem(
                        distribution.address,
                        f"{earlier.path_pattern} comes before {behavior.path_pattern} and takes"
                        " every request of that pattern",
                        "put the narrower pattern first",
                        "ordered_cache_behavior",
                    )
                    break


def _rooted(behavior: Behavior) -> str:
    """A pattern may begin without its slash."""
    return (
        behavior.path_pattern
        if behavior.path_pattern[:1] in "/*"
        else (f"/{behavior.path_pattern}")
    )


@warning(
    "A program's responses are cached only if they say so, except for paths of files",
    f"{_CLOUDFRONT}/Expiration.html",
)
def cache_heeds_the_program(subject: Subject) -> Iterator[Problem]:
    """With a minimum TTL above 0 CloudFront stores even no-store and private responses; with a
    default TTL above 0, responses without a directive. With cookies or credentials in the cache
    key, each viewer has separate copies."""
    for distribution, behavior in _of_load_balancers(subject):
        policy = behavior.cache
        unasked = policy.min_ttl > 0 or policy.default_ttl > 0
        own_copies = policy.cookies.behavior == "all" or _has(policy.headers, "authorization")
        is_static = bool(_STATIC.search(behavior.path_pattern.removesuffix("*")))
        if not unasked or own_copies or (is_static and not _WRITING & {*behavior.allowed_methods}):
            continue
        yield Problem(
            distribution.address,
            f"a program's responses for {behavior.path_pattern} are cached for"
            f" {policy.min_ttl or policy.default_ttl:g} s"
            + (", even as no-store" if policy.min_ttl > 0 else " when it says nothing")
            + f" ({policy.name or 'its cache policy'}): one viewer gets another's",
            "use a policy with minimum and default TTL 0, such as Managed-CachingDisabled",
            "cache_policy_id",
        )


@warning(
    "A path with a target of its own gets query strings, cookies or writing methods",
    f"{_CLOUDFRONT}/controlling-origin-requests.html",
)
def routed_path_gets_what_belongs_to_it(subject: Subject) -> Iterator[Problem]:
    """A path that is routed to another target is not a page of the default target."""
    balancers = {b.dns_name.lower(): b for b in subject.blueprint.load_balancers}
    for balancer in subject.blueprint.load_balancers:
        balancers |= dict.fromkeys(balancer.aliases, balancer)
    for distribution, behavior in _of_load_balancers(subject):
        if behavior is not distribution.behaviors[-1] or _forwards(behavior):
            continue
        origin = next(o for o in distribution.origins if o.id == behavior.origin_id)
        for listener in balancers[origin.domain_name.lower()].listeners:
            for rule in listener.rules:
                for pattern in _paths(rule):
                    if not any(
                        _pattern(_rooted(b)).fullmatch(pattern) for b in distribution.behaviors[:-1]
                    ):
                        yield Problem(
                            distribution.address,
                            f"{pattern} has a target of its own, but gets no writing methods, query"
                            " strings, cookies or credentials",
                            "give the path a behavior of its own that forwards them",
                            "ordered_cache_behavior",
                        )


def _paths(rule: ListenerRule) -> Iterator[str]:
    if isinstance(rule.action, Forward):
        for condition in rule.conditions:
            if isinstance(condition, PathPattern):
                every = ("*", "/*")  # the default target's, as deployments that shift need it
                yield from (v for v in condition.values if v not in every and not _STATIC.search(v))


def _forwards(behavior: Behavior) -> bool:
    request = behavior.origin_request
    selections = [behavior.cache.query_strings, behavior.cache.cookies]
    if request is not None:
        selections += [request.query_strings, request.cookies, request.headers]
    return bool(_WRITING & {*behavior.allowed_methods}) or any(
        selection.behavior in ("all", "allExcept") for selection in selections
    )


def _has(selection: Selection, name: str) -> bool:
    return selection.behavior == "whitelist" and name in {n.lower() for n in selection.names}


def _of_load_balancers(subject: Subject) -> Iterator[tuple[Distribution, Behavior]]:
    names = {n for b in subject.blueprint.load_balancers for n in (b.dns_name.lower(), *b.aliases)}
    for distribution in subject.blueprint.distributions:
        own = {o.id for o in distribution.origins if o.domain_name.lower() in names}
        for behavior in distribution.behaviors:
            if behavior.origin_id in own:
                yield distribution, behavior


@error(
    "A name that leads to a distribution is one of its aliases",
    "https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/CNAMEs.html",
)
def name_is_one_of_the_aliases(subject: Subject) -> Iterator[Problem]:
    """CloudFront answers 403 under any other name. An alias may begin with `*.`."""
    for distribution in subject.blueprint.distributions:
        for name in distribution.names:
            wild = f"*.{name.partition('.')[2]}"
            if not {name, wild} & {alias.lower() for alias in distribution.aliases}:
                yield Problem(
                    distribution.address,
                    f"{name} leads to the distribution, which does not know it: 403",
                    "name it in aliases, with a certificate for it",
                    "aliases",
                )
