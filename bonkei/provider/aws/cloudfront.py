"""Amazon CloudFront: distributions, and the policies and functions that they use.

https://docs.aws.amazon.com/cloudfront/latest/APIReference/Welcome.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bonkei.provider.aws.checks import (
    at,
    at_least,
    between,
    exactly_one,
    length,
    matches,
    one_of,
    unique,
    unsure,
    whole,
)
from bonkei.provider.aws.formats import arn
from bonkei.provider.aws.naming import Mint, each, first, resource, same_shape
from bonkei.provider.aws.seeds import LOWER, UPPER
from bonkei.provider.behaviour import Problem, ResourceBehaviour
from bonkei.provider.values import Object, Value, given, known_items

HOSTED_ZONE = "Z2FDTNDATAQYW2"
"""The zone of all distributions' names, for alias records (API_AliasTarget of Route 53)."""

_METHODS = (
    {"GET", "HEAD"},
    {"GET", "HEAD", "OPTIONS"},
    {"GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE"},
)
_CACHED_METHODS = _METHODS[:2]
_TLS_VERSIONS = (
    *("SSLv3", "TLSv1", "TLSv1_2016", "TLSv1.1_2016", "TLSv1.2_2018", "TLSv1.2_2019"),
    *("TLSv1.2_2021", "TLSv1.2_2025", "TLSv1.3_2025"),
)
_ERROR_CODES = (400, 403, 404, 405, 414, 416, 500, 501, 502, 503, 504)
_BEHAVIORS = ("default_cache_behavior", "ordered_cache_behavior")

# "Custom headers that CloudFront can't add to origin requests" (Developer Guide).
_FORBIDDEN_HEADERS = {
    *("cache-control", "connection", "content-length", "cookie", "host", "if-match"),
    *("if-modified-since", "if-none-match", "if-range", "if-unmodified-since", "max-forwards"),
    *("pragma", "proxy-authenticate", "proxy-authorization", "proxy-connection", "range"),
    *("request-range", "te", "trailer", "transfer-encoding", "upgrade", "via", "x-real-ip"),
}


def etag(mint: Mint) -> str:
    """A version of a configuration: another after each change."""
    return f"E{mint.random(13, UPPER, f'etag/{mint.context.generation}')}"


def _distribution(mint: Mint) -> Mapping[str, Value]:
    identifier = f"E{mint.random(13, UPPER)}"
    return {
        "id": identifier,
        "arn": mint.arn("cloudfront", f"distribution/{identifier}", region=""),
        "domain_name": f"d{mint.random(13, LOWER, 'domain')}.cloudfront.net",
        "hosted_zone_id": HOSTED_ZONE,
        "caller_reference": f"terraform-{mint.serial('caller')}",
        "etag": etag(mint),
        "last_modified_time": mint.context.now.replace("T", " ").replace("Z", " +0000 UTC"),
        "status": "Deployed",
        "in_progress_validation_batches": 0,
        "logging_v1_enabled": bool(mint.planned.get("logging_config")),
        "continuous_deployment_policy_id": "",
        "trusted_key_groups": [{"enabled": False, "items": []}],
        "trusted_signers": [{"enabled": False, "items": []}],
        **{
            name: same_shape(mint.planned.get(name), lambda _index, block: _behavior(block))
            for name in _BEHAVIORS
        },
        "origin": same_shape(
            mint.planned.get("origin"), lambda _index, _origin: {"response_completion_timeout": 0}
        ),
    }


def _behavior(block: Mapping[str, Value]) -> Mapping[str, Value]:
    """With a cache policy the times to live are the policy's; else a day and a year."""
    policy = given(block.get("cache_policy_id")) and block["cache_policy_id"] != ""
    return {
        "default_ttl": 0 if policy else 86400,
        "max_ttl": 0 if policy else 31536000,
        "trusted_key_groups": [],
        "trusted_signers": [],
        "grpc_config": [{"enabled": False}],
    }


def _behaviors(config: Object) -> Iterator[tuple[tuple[str | int, ...], Mapping[str, Value]]]:
    for name in _BEHAVIORS:
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
            detail = f'"{target}" is no origin here; there are: {", ".join(map(str, origins))}.'
            yield Problem((*place, "target_origin_id"), "No such origin", detail)


def _cache_settings(config: Object) -> Iterator[Problem]:
    """A behavior has a cache policy or forwarded_values, one of the two."""
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
    """CloudFront takes certificates of us-east-1 only, and names only with a certificate."""
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


DISTRIBUTION = resource(
    _distribution,
    at("http_version", one_of("http1.1", "http2", "http3", "http2and3")),
    at("price_class", one_of("PriceClass_100", "PriceClass_200", "PriceClass_All", "None")),
    at("comment", length(0, 128)),
    whole("aliases", length(0, 100)),
    at("aliases", matches(r"(\*\.)?([a-z0-9_-]+\.)+[a-z]{2,}", "a domain name in lower case")),
    *(
        at(f"{block}.{path}", check)
        for block in _BEHAVIORS
        for path, check in (
            (
                "viewer_protocol_policy",
                one_of("allow-all", "https-only", "redirect-to-https"),
            ),
            ("min_ttl", at_least(0)),
            ("forwarded_values.cookies.forward", one_of("none", "whitelist", "all")),
            ("function_association.event_type", one_of("viewer-request", "viewer-response")),
            (
                "lambda_function_association.event_type",
                one_of("viewer-request", "viewer-response", "origin-request", "origin-response"),
            ),
            ("function_association.function_arn", arn("cloudfront")),
            ("lambda_function_association.lambda_arn", arn("lambda")),
        )
    ),
    at("origin.connection_attempts", between(1, 3)),
    at("origin.connection_timeout", between(1, 10)),
    at(
        "origin.custom_origin_config.origin_protocol_policy",
        one_of("http-only", "https-only", "match-viewer"),
    ),
    at(
        "origin.custom_origin_config.origin_ssl_protocols",
        one_of("SSLv3", "TLSv1", "TLSv1.1", "TLSv1.2"),
    ),
    at("origin.custom_origin_config.origin_read_timeout", between(1, 180)),
    at("origin.custom_origin_config.origin_keepalive_timeout", between(1, 180)),
    at("origin.custom_origin_config.http_port", between(1, 65535)),
    at("origin.custom_origin_config.https_port", between(1, 65535)),
    at("custom_error_response.error_code", one_of(*_ERROR_CODES)),
    at("custom_error_response.response_code", one_of(0, 200, *_ERROR_CODES)),
    at("custom_error_response.error_caching_min_ttl", at_least(0)),
    at(
        "restrictions.geo_restriction.restriction_type",
        one_of("none", "blacklist", "whitelist"),
    ),
    at("viewer_certificate.minimum_protocol_version", one_of(*_TLS_VERSIONS)),
    at("viewer_certificate.ssl_support_method", one_of("sni-only", "vip", "static-ip")),
    at("viewer_certificate.acm_certificate_arn", arn("acm")),
    unique("origin", "origin_id", "origin"),
    unique("ordered_cache_behavior", "path_pattern", "path pattern"),
    _methods,
    _targets,
    _cache_settings,
    _origin_kinds,
    _certificate,
    _web_acl,
    force_new="staging",
    arguments={
        "http_version": "http2",
        "is_ipv6_enabled": False,
        "price_class": "PriceClass_All",
        "retain_on_delete": False,
        "staging": False,
        "wait_for_deployment": True,
        "viewer_certificate.minimum_protocol_version": "TLSv1",
        "logging_config.include_cookies": False,
        "logging_config.prefix": "",
        "origin.connection_attempts": 3,
        "origin.connection_timeout": 10,
        "origin.custom_origin_config.origin_keepalive_timeout": 5,
        "origin.custom_origin_config.origin_read_timeout": 30,
        "origin.vpc_origin_config.origin_keepalive_timeout": 5,
        "origin.vpc_origin_config.origin_read_timeout": 30,
        **{f"{block}.compress": False for block in _BEHAVIORS},
        **{f"{block}.min_ttl": 0 for block in _BEHAVIORS},
        **{f"{block}.lambda_function_association.include_body": False for block in _BEHAVIORS},
    },
    recomputed={"etag": "*", "last_modified_time": "*"},
    regional=False,
)


def _vpc_origin(mint: Mint) -> Mapping[str, Value]:
    identifier = f"vo_{mint.random(22, LOWER)}"
    return {
        "id": identifier,
        "arn": mint.arn("cloudfront", f"vpcorigin/{identifier}", region=""),
        "etag": etag(mint),
    }


def _access_control(mint: Mint) -> Mapping[str, Value]:
    identifier = f"E{mint.random(13, UPPER)}"
    return {
        "id": identifier,
        "arn": mint.arn("cloudfront", f"origin-access-control/{identifier}", region=""),
        "etag": etag(mint),
    }


def _access_identity(mint: Mint) -> Mapping[str, Value]:
    identifier = f"E{mint.random(13, UPPER)}"
    user = f"CloudFront Origin Access Identity {identifier}"
    return {
        "id": identifier,
        "arn": mint.arn("cloudfront", f"origin-access-identity/{identifier}", region=""),
        "caller_reference": f"terraform-{mint.serial()}",
        "cloudfront_access_identity_path": f"origin-access-identity/cloudfront/{identifier}",
        "etag": etag(mint),
        "iam_arn": mint.arn("iam", f"user/{user}", region="", account="cloudfront"),
        "s3_canonical_user_id": mint.random(96, label="canonical"),
    }


def _function(mint: Mint) -> Mapping[str, Value]:
    name = mint.given("name")
    live = mint.given("publish") is not False
    return {
        "id": name,
        "arn": mint.arn("cloudfront", f"function/{name}", region=""),
        "etag": f"ETVPDKIKX{mint.random(5, UPPER, f'{mint.context.generation}')}",
        "live_stage_etag": f"ETVPDKIKX{mint.random(5, UPPER, 'live')}" if live else "",
        "status": "UNASSOCIATED",
    }


RESOURCES: Mapping[str, ResourceBehaviour] = {
    "aws_cloudfront_distribution": DISTRIBUTION,
    "aws_cloudfront_vpc_origin": resource(
        _vpc_origin,
        at("vpc_origin_endpoint_config.arn", arn("elasticloadbalancing", "ec2")),
        at(
            "vpc_origin_endpoint_config.origin_protocol_policy",
            one_of("http-only", "https-only", "match-viewer"),
        ),
        force_new="vpc_origin_endpoint_config.arn",
        recomputed={"etag": "*"},
        regional=False,
    ),
    "aws_cloudfront_origin_access_control": resource(
        _access_control,
        at("name", length(1, 64)),
        at(
            "origin_access_control_origin_type",
            one_of("s3", "mediastore", "mediapackagev2", "lambda"),
        ),
        at("signing_behavior", one_of("always", "never", "no-override")),
        at("signing_protocol", one_of("sigv4")),
        force_new="name",
        recomputed={"etag": "*"},
        regional=False,
    ),
    "aws_cloudfront_origin_access_identity": resource(_access_identity, regional=False),
    "aws_cloudfront_function": resource(
        _function,
        at("name", length(1, 64), matches(r"[a-zA-Z0-9_-]+", "letters, digits, - and _")),
        at("runtime", one_of("cloudfront-js-1.0", "cloudfront-js-2.0")),
        at("code", length(1, 10240)),
        force_new="name",
        arguments={"publish": True},
        recomputed={"etag": "*"},
        regional=False,
        import_="name",
    ),
    "aws_cloudfront_monitoring_subscription": resource(
        lambda mint: {"id": mint.given("distribution_id")},
        force_new="distribution_id",
        regional=False,
        import_="distribution_id",
    ),
    "aws_cloudfront_public_key": resource(
        lambda mint: {
            "id": f"K{mint.random(13, UPPER)}",
            "etag": etag(mint),
            "caller_reference": mint.serial(),
            "name": mint.name(prefix="tf-"),
        },
        exactly_one("encoded_key"),
        force_new="encoded_key name name_prefix",
        regional=False,
    ),
    "aws_cloudfront_key_group": resource(
        lambda mint: {"id": mint.uuid(), "etag": etag(mint)},
        recomputed={"etag": "*"},
        regional=False,
    ),
}
