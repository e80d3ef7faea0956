"""CloudFront's refusals of a distribution: rules over more than one argument.

https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_DistributionConfig.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bonkei.definitions.provider.aws.shared.blocks import each, first
from bonkei.definitions.provider.aws.shared.checks import Rule, unsure
from bonkei.definitions.provider.behaviour import Problem
from bonkei.definitions.provider.values import Object, Value, given, known_items

_METHODS = (
    {"GET", "HEAD"},
    {"GET", "HEAD", "OPTIONS"},
    {"GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE"},
)
_CACHED_METHODS = _METHODS[:2]
BEHAVIORS = ("default_cache_behavior", "ordered_cache_behavior")

# "Custom headers that CloudFront can't add to origin requests" (Developer Guide).
_FORBIDDEN_HEADERS = {
    *("cache-control", "connection", "content-length", "cookie", "host", "if-match"),
    *("if-modified-since", "if-none-match", "if-range", "if-unmodified-since", "max-forwards"),
    *("pragma", "proxy-authenticate", "proxy-authorization", "proxy-connection", "range"),
    *("request-range", "te", "trailer", "transfer-encoding", "upgrade", "via", "x-real-ip"),
}


def _behaviors(config: Object) -> Iterator[tuple[tuple[str | int, ...], Mapping[str, Value]]]:
    for name in BEHAVIORS:
        for index, block in enumerate(each(config.get(name))):
            yield (name, index), block


def _methods(config: Object) -> Iterator[Problem]:
    """https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_AllowedMethods.html"""
    for place, block in _behaviors(config):
        for name, allowed in (("allowed_methods", _METHODS), ("cached_methods", _CACHED_METHODS)):
            methods = block.get(name)
            if not given(methods) or not all(map(given, methods)):
                continue
            if set(known_items(methods)) not in allowed:
                listed = "; ".join(", ".join(sorted(choice)) for choice in allowed)
                detail = f"{name} must be one of: {listed}."
                yield Problem((*place, name), "Invalid methods", detail)


def _targets(config: Object) -> Iterator[Problem]:
    """Each behavior names an origin or origin group of this distribution."""
    origins = [
        block.get("origin_id")
        for name in ("origin", "origin_group")
        for block in each(config.get(name))
    ]
    if unsure(config.get("origin")) or unsure(config.get("origin_group")):
        return
    if not all(map(given, origins)):
        return
    for place, block in _behaviors(config):
        target = block.get("target_origin_id")
        if given(target) and target not in origins:
            detail = f'"{target}" is not an origin here; there are: {", ".join(map(str, origins))}.'
            yield Problem((*place, "target_origin_id"), "No such origin", detail)


def _cache_settings(config: Object) -> Iterator[Problem]:
    """A behavior has either a cache policy or forwarded_values."""
    for place, block in _behaviors(config):
        policy, forwarded = block.get("cache_policy_id"), block.get("forwarded_values")
        has_forwarded = bool(first(forwarded))
        if policy is None and not has_forwarded and forwarded in (None, []):
            detail = 'A behavior needs a "cache_policy_id" (or the older block forwarded_values).'
            yield Problem(place, "Missing argument", detail)
        if given(policy) and policy and has_forwarded:
            detail = '"cache_policy_id" and forwarded_values exclude each other.'
            yield Problem((*place, "cache_policy_id"), "Conflicting arguments", detail)
        request = block.get("origin_request_policy_id")
        if given(request) and request and has_forwarded:
            detail = '"origin_request_policy_id" needs a "cache_policy_id".'
            yield Problem((*place, "origin_request_policy_id"), "Conflicting arguments", detail)


def _origin_kinds(config: Object) -> Iterator[Problem]:
    for index, origin in enumerate(each(config.get("origin"))):
        kinds = ("custom_origin_config", "s3_origin_config", "vpc_origin_config")
        found = [kind for kind in kinds if first(origin.get(kind))]
        if len(found) > 1:
            detail = f"An origin is of one kind, not {' and '.join(found)}."
            yield Problem(("origin", index), "Conflicting blocks", detail)
        path, domain = origin.get("origin_path"), origin.get("domain_name")
        if given(path) and path and (not str(path).startswith("/") or str(path).endswith("/")):
            detail = f'origin_path "{path}" must begin with / and not end with it.'
            yield Problem(("origin", index, "origin_path"), "Invalid path", detail)
        if given(domain) and ("/" in str(domain) or ":" in str(domain)):
            detail = f'domain_name "{domain}" is a host name, without scheme, port and path.'
            yield Problem(("origin", index, "domain_name"), "Invalid domain name", detail)
        for number, header in enumerate(each(origin.get("custom_header"))):
            name = str(header.get("name") or "").lower() if given(header.get("name")) else ""
            if name in _FORBIDDEN_HEADERS or name.startswith(("x-amz-", "x-edge-")):
                path_ = ("origin", index, "custom_header", number, "name")
                detail = f'CloudFront cannot add the header "{header.get("name")}".'
                yield Problem(path_, "Invalid custom header", detail)


def _certificate(config: Object) -> Iterator[Problem]:
    """CloudFront accepts certificates of us-east-1 only. Aliases need a certificate."""
    block = first(config.get("viewer_certificate"))
    certificate = block.get("acm_certificate_arn")
    place = ("viewer_certificate", 0)
    if given(certificate) and certificate and ":us-east-1:" not in str(certificate):
        detail = f'The certificate must be in us-east-1, not "{certificate}".'
        yield Problem((*place, "acm_certificate_arn"), "Certificate in another region", detail)
    own = [
        name
        for name in ("acm_certificate_arn", "iam_certificate_id")
        if block.get(name) not in (None, "")
    ]
    default = block.get("cloudfront_default_certificate")
    if block and not own and (default is None or (given(default) and not default)):
        detail = "Give acm_certificate_arn, iam_certificate_id or cloudfront_default_certificate."
        yield Problem(place, "Missing argument", detail)
    aliases = config.get("aliases")
    if isinstance(aliases, list) and aliases and block and not own:
        detail = "Aliases need a certificate that covers them; the default one does not."
        yield Problem(("aliases",), "Missing certificate", detail)
    if own and all(given(block[name]) for name in own) and block.get("ssl_support_method") is None:
        detail = 'A certificate of your own needs "ssl_support_method", as a rule "sni-only".'
        yield Problem(place, "Missing argument", detail)


def _web_acl(config: Object) -> Iterator[Problem]:
    web_acl = config.get("web_acl_id")
    if given(web_acl) and ":regional/webacl/" in str(web_acl):
        detail = "A distribution takes a web ACL of scope CLOUDFRONT; this one is REGIONAL."
        yield Problem(("web_acl_id",), "Web ACL of the wrong scope", detail)


DISTRIBUTION_RULES: tuple[Rule, ...] = (
    _methods,
    _targets,
    _cache_settings,
    _origin_kinds,
    _certificate,
    _web_acl,
)
