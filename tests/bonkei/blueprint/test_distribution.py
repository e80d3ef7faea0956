from __future__ import annotations

from typing import Any

import pytest

from bonkei.blueprint import BlueprintError
from bonkei.blueprint.cloudfront import ResponseHeader, Selection

CACHING_OPTIMIZED = "658327ea-f89d-4fab-a63d-7e88639e58f6"
ALL_VIEWER = "216adef6-5c7f-47e4-b989-5492eafa07d3"
SECURITY_HEADERS = "67f7725c-6f97-4210-82d7-5512b31e9d03"


def behavior(**overrides: Any) -> dict[str, Any]:
    return {
        "target_origin_id": "alb",
        "viewer_protocol_policy": "redirect-to-https",
        "allowed_methods": ["HEAD", "GET"],
        "cached_methods": ["GET", "HEAD"],
        "compress": True,
        "cache_policy_id": CACHING_OPTIMIZED,
        "forwarded_values": [],
        **overrides,
    }


def distribution(**overrides: Any) -> dict[str, Any]:
    return {
        "arn": "arn:aws:cloudfront::123456789012:distribution/E1",
        "id": "E1",
        "domain_name": "d1.cloudfront.net",
        "enabled": True,
        "aliases": None,
        "default_root_object": None,
        "origin": [
            {
                "origin_id": "alb",
                "domain_name": "front.example.com",
                "origin_path": "",
                "custom_header": [{"name": "x-secret", "value": "s3cret"}],
                "custom_origin_config": [
                    {
                        "http_port": 80,
                        "https_port": 443,
                        "origin_protocol_policy": "http-only",
                        "origin_read_timeout": 20,
                        "origin_keepalive_timeout": 7,
                    }
                ],
            }
        ],
        "default_cache_behavior": [behavior()],
        "ordered_cache_behavior": [
            behavior(path_pattern="/api/*"),
            behavior(path_pattern="/a*"),
        ],
        "custom_error_response": [
            {"error_code": 503, "response_code": 200, "response_page_path": "/sorry.html"},
            {"error_code": 404, "error_caching_min_ttl": 0, "response_code": 0},
        ],
        "web_acl_id": "",
        **overrides,
    }


def test_behaviors_keep_their_order_and_the_default_is_last(blueprint) -> None:
    found = blueprint({"aws_cloudfront_distribution.this": distribution()}).distributions[0]
    assert [b.path_pattern for b in found.behaviors] == ["/api/*", "/a*", "*"]
    assert found.behaviors[0].allowed_methods == ("GET", "HEAD")


def test_an_origin_has_its_headers_and_timeouts(blueprint) -> None:
    origin = (
        blueprint({"aws_cloudfront_distribution.this": distribution()}).distributions[0].origins[0]
    )
    assert origin.headers == (("x-secret", "s3cret"),)
    assert (origin.read_timeout, origin.keepalive_timeout) == (20, 7)


def test_custom_errors_are_sorted_and_zero_means_no_replacement(blueprint) -> None:
    found = blueprint({"aws_cloudfront_distribution.this": distribution()}).distributions[0]
    first, second = found.custom_error_responses
    assert (first.error_code, first.response_code, first.error_caching_min_ttl) == (404, None, 0)
    assert (second.error_code, second.response_code, second.response_page_path) == (
        503,
        200,
        "/sorry.html",
    )


def test_a_managed_policy_is_known_by_its_id(blueprint) -> None:
    found = (
        blueprint(
            {
                "aws_cloudfront_distribution.this": distribution(
                    default_cache_behavior=[
                        behavior(
                            origin_request_policy_id=ALL_VIEWER,
                            response_headers_policy_id=SECURITY_HEADERS,
                        )
                    ]
                )
            }
        )
        .distributions[0]
        .behaviors[-1]
    )
    assert (found.cache.min_ttl, found.cache.default_ttl, found.cache.max_ttl) == (
        1,
        86400,
        31536000,
    )
    assert found.cache.gzip
    assert found.origin_request is not None
    assert found.origin_request.headers == Selection("all")
    assert ResponseHeader("X-Content-Type-Options", "nosniff", True) in found.response_headers


@pytest.mark.parametrize(
    "address", ["aws_cloudfront_cache_policy.own", "data.aws_cloudfront_cache_policy.own"]
)
def test_a_policy_is_read_from_the_resource_or_data_source_of_its_id(blueprint, address) -> None:
    policy = {
        "id": "P1",
        "name": "seconds",
        "min_ttl": 0,
        "default_ttl": 5,
        "max_ttl": 30,
        "parameters_in_cache_key_and_forwarded_to_origin": [
            {
                "enable_accept_encoding_brotli": True,
                "enable_accept_encoding_gzip": None,
                "cookies_config": [
                    {"cookie_behavior": "whitelist", "cookies": [{"items": ["b", "a"]}]}
                ],
                "headers_config": [{"header_behavior": "none", "headers": []}],
                "query_strings_config": [
                    {"query_string_behavior": "allExcept", "query_strings": [{"items": ["utm"]}]}
                ],
            }
        ],
    }
    found = (
        blueprint(
            {
                "aws_cloudfront_distribution.this": distribution(
                    default_cache_behavior=[behavior(cache_policy_id="P1")]
                ),
                address: policy,
            }
        )
        .distributions[0]
        .behaviors[-1]
    )
    assert found.cache.name == "seconds"
    assert (found.cache.default_ttl, found.cache.max_ttl) == (5, 30)
    assert found.cache.cookies == Selection("whitelist", ("a", "b"))
    assert found.cache.query_strings == Selection("allExcept", ("utm",))
    assert (found.cache.gzip, found.cache.brotli) == (False, True)


def test_response_headers_are_written_as_cloudfront_writes_them(blueprint) -> None:
    policy = {
        "id": "H1",
        "name": "headers",
        "security_headers_config": [
            {
                "strict_transport_security": [
                    {
                        "access_control_max_age_sec": 63072000,
                        "include_subdomains": True,
                        "preload": True,
                        "override": True,
                    }
                ],
                "xss_protection": [{"protection": False, "mode_block": None, "override": True}],
                "frame_options": [{"frame_option": "DENY", "override": False}],
            }
        ],
        "custom_headers_config": [
            {"items": [{"header": "permissions-policy", "value": "camera=()", "override": True}]}
        ],
        "remove_headers_config": [{"items": [{"header": "x-powered-by"}, {"header": "server"}]}],
    }
    found = (
        blueprint(
            {
                "aws_cloudfront_distribution.this": distribution(
                    default_cache_behavior=[behavior(response_headers_policy_id="H1")]
                ),
                "aws_cloudfront_response_headers_policy.own": policy,
            }
        )
        .distributions[0]
        .behaviors[-1]
    )
    assert found.response_headers == (
        ResponseHeader("permissions-policy", "camera=()", True),
        ResponseHeader(
            "Strict-Transport-Security", "max-age=63072000; includeSubDomains; preload", True
        ),
        ResponseHeader("X-Frame-Options", "DENY", False),
        ResponseHeader("X-XSS-Protection", "0", True),
    )
    assert found.removed_headers == ("server", "x-powered-by")


def test_forwarded_values_are_the_cache_key(blueprint) -> None:
    legacy = behavior(
        cache_policy_id=None,
        min_ttl=0,
        default_ttl=3600,
        max_ttl=86400,
        forwarded_values=[
            {
                "query_string": True,
                "query_string_cache_keys": None,
                "headers": ["Origin", "Host"],
                "cookies": [{"forward": "whitelist", "whitelisted_names": ["session"]}],
            }
        ],
    )
    found = (
        blueprint(
            {"aws_cloudfront_distribution.this": distribution(default_cache_behavior=[legacy])}
        )
        .distributions[0]
        .behaviors[-1]
    )
    assert found.cache.headers == Selection("whitelist", ("Host", "Origin"))
    assert found.cache.cookies == Selection("whitelist", ("session",))
    assert found.cache.query_strings == Selection("all")
    assert found.cache.default_ttl == 3600
    assert found.origin_request is None


def test_forwarding_all_headers_caches_nothing(blueprint) -> None:
    legacy = behavior(
        cache_policy_id=None,
        default_ttl=3600,
        forwarded_values=[
            {"query_string": True, "headers": ["*"], "cookies": [{"forward": "all"}]}
        ],
    )
    found = (
        blueprint(
            {"aws_cloudfront_distribution.this": distribution(default_cache_behavior=[legacy])}
        )
        .distributions[0]
        .behaviors[-1]
    )
    assert found.cache.max_ttl == 0
    assert found.origin_request is not None
    assert found.origin_request.headers == Selection("all")


def test_a_vpc_origin_has_its_ports(blueprint) -> None:
    origin = {
        "origin_id": "alb",
        "domain_name": "internal.example.com",
        "custom_header": [],
        "custom_origin_config": [],
        "vpc_origin_config": [{"vpc_origin_id": "vo_1", "origin_read_timeout": 45}],
    }
    endpoint = {
        "name": "alb",
        "arn": "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/a/1",
        "http_port": 8080,
        "https_port": 443,
        "origin_protocol_policy": "http-only",
    }
    found = (
        blueprint(
            {
                "aws_cloudfront_distribution.this": distribution(origin=[origin]),
                "aws_cloudfront_vpc_origin.this": {
                    "id": "vo_1",
                    "vpc_origin_endpoint_config": [endpoint],
                },
            }
        )
        .distributions[0]
        .origins[0]
    )
    assert (found.http_port, found.protocol_policy, found.read_timeout) == (8080, "http-only", 45)


@pytest.mark.parametrize(("attempts", "noted"), [(1, False), (3, True)])
def test_attempts_at_an_origin_are_noted(blueprint, attempts, noted) -> None:
    (origin,) = distribution()["origin"]
    values = distribution(origin=[{**origin, "connection_attempts": attempts}])
    found = blueprint({"aws_cloudfront_distribution.this": values})
    kinds = [n.kind for n in found.not_simulated]
    assert ("aws_cloudfront_distribution.origin.connection_attempts" in kinds) is noted


@pytest.mark.parametrize("block", ["default_cache_behavior", "ordered_cache_behavior"])
def test_code_at_the_edge_is_noted_once(blueprint, block) -> None:
    runs = behavior(path_pattern="/x", function_association=[{"event_type": "viewer-request"}])
    values = distribution(**{block: [runs]})
    found = blueprint({"aws_cloudfront_distribution.this": values})
    assert [n.kind for n in found.not_simulated] == [
        "aws_cloudfront_distribution.*_cache_behavior.function_association"
    ]


def test_an_origin_group_is_its_primary_origin_and_noted(blueprint) -> None:
    found = blueprint(
        {
            "aws_cloudfront_distribution.this": distribution(
                origin_group=[{"origin_id": "both", "member": [{"origin_id": "alb"}]}],
                default_cache_behavior=[behavior(target_origin_id="both")],
            )
        }
    )
    assert found.distributions[0].behaviors[-1].origin_id == "alb"
    assert "aws_cloudfront_distribution.origin_group" in [n.kind for n in found.not_simulated]


@pytest.mark.parametrize(
    ("overrides", "attribute"),
    [
        ({"cache_policy_id": "unheard-of"}, "default_cache_behavior[0].cache_policy_id"),
        ({"cache_policy_id": None}, "default_cache_behavior[0].cache_policy_id"),
        ({"target_origin_id": "nowhere"}, "default_cache_behavior[0].target_origin_id"),
        ({"origin_request_policy_id": "x"}, "default_cache_behavior[0].origin_request_policy_id"),
        (
            {"response_headers_policy_id": "x"},
            "default_cache_behavior[0].response_headers_policy_id",
        ),
        ({"viewer_protocol_policy": "maybe"}, "default_cache_behavior[0].viewer_protocol_policy"),
        ({"allowed_methods": "GET"}, "default_cache_behavior[0].allowed_methods"),
        ({"compress": "yes"}, "default_cache_behavior[0].compress"),
    ],
)
def test_a_value_of_the_wrong_type_is_reported_with_its_attribute(
    blueprint, overrides, attribute
) -> None:
    with pytest.raises(BlueprintError) as caught:
        blueprint(
            {
                "module.edge.aws_cloudfront_distribution.this": distribution(
                    default_cache_behavior=[behavior(**overrides)]
                )
            }
        )
    assert caught.value.address == "module.edge.aws_cloudfront_distribution.this"
    assert caught.value.attribute == attribute


def test_an_error_does_not_show_the_value(blueprint) -> None:
    origin = dict(distribution()["origin"][0])
    origin["custom_header"] = [{"name": "x-secret", "value": ["s3cret"]}]
    with pytest.raises(BlueprintError) as caught:
        blueprint({"aws_cloudfront_distribution.this": distribution(origin=[origin])})
    assert "s3cret" not in caught.value.message
    assert "origin[0].custom_header[0].value" in caught.value.message
