"""A CloudFront distribution: the first layer of a viewer's request.

reader             aws_cloudfront_distribution
policies           the policies of its behaviors
managed_policies   the policies that exist in every account
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

SelectionBehavior = Literal["none", "whitelist", "allExcept", "all"]


@dataclass(frozen=True, slots=True)
class Selection:
    """Which headers, cookies or query strings a policy takes."""

    behavior: SelectionBehavior
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CachePolicy:
    """The parts of the cache key, and the limits of a response's time in the cache (seconds)."""

    name: str
    min_ttl: float = 0.0
    default_ttl: float = 86_400.0
    max_ttl: float = 31_536_000.0
    headers: Selection = Selection("none")
    cookies: Selection = Selection("none")
    query_strings: Selection = Selection("none")
    gzip: bool = False
    brotli: bool = False


@dataclass(frozen=True, slots=True)
class OriginRequestPolicy:
    """The parts that are sent to the origin in addition to the cache key. `headers.behavior` may be
    `all`."""

    name: str
    headers: Selection = Selection("none")
    cookies: Selection = Selection("none")
    query_strings: Selection = Selection("none")


@dataclass(frozen=True, slots=True)
class ResponseHeader:
    """A header that the distribution sets. With `override` it replaces the origin's own."""

    name: str
    value: str
    override: bool


@dataclass(frozen=True, slots=True)
class Behavior:
    """A cache behavior: the origin for requests with a path pattern, and the way they are
    handled."""

    path_pattern: str  # "*" for the default behavior
    origin_id: str
    viewer_protocol_policy: Literal["allow-all", "https-only", "redirect-to-https"]
    allowed_methods: tuple[str, ...]
    cached_methods: tuple[str, ...]
    compress: bool
    cache: CachePolicy
    origin_request: OriginRequestPolicy | None = None
    response_headers: tuple[ResponseHeader, ...] = ()
    removed_headers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Origin:
    """The destination of a behavior's requests. `headers` are added to each request (the secret
    header is one). `in_vpc` means a VPC origin."""

    id: str
    domain_name: str
    path: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    protocol_policy: Literal["http-only", "https-only", "match-viewer"] = "http-only"
    http_port: int = 80
    https_port: int = 443
    read_timeout: float = 30.0
    keepalive_timeout: float = 5.0
    in_vpc: bool = False
    bucket: str = ""
    """Of an S3 origin. `is_signed`: by its origin access control."""
    is_signed: bool = False
    access_identity: str = ""


@dataclass(frozen=True, slots=True)
class CustomErrorResponse:
    """The viewer's response in place of an origin's error, and the time for which the error is
    cached."""

    error_code: int
    error_caching_min_ttl: float = 10.0
    response_code: int | None = None
    response_page_path: str | None = None


@dataclass(frozen=True, slots=True)
class Distribution:
    """A CloudFront distribution. `behaviors` are in order of precedence; the default is last."""

    address: str
    arn: str
    id: str
    domain_name: str
    enabled: bool
    origins: tuple[Origin, ...]
    behaviors: tuple[Behavior, ...]
    aliases: tuple[str, ...] = ()
    default_root_object: str = ""
    custom_error_responses: tuple[CustomErrorResponse, ...] = ()
    web_acl_arn: str = ""
    names: tuple[str, ...] = ()  # of DNS records that lead to it
