"""A blueprint in which a request can take every way, and requests that take them."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from bonkei.blueprint import Blueprint
from bonkei.blueprint.cloudfront import (
    CachePolicy,
    CustomErrorResponse,
    Origin,
    Selection,
)
from bonkei.blueprint.elbv2 import (
    FixedResponse,
    Forward,
    HostHeader,
    HttpHeader,
    HttpRequestMethod,
    PathPattern,
    QueryString,
    Redirect,
    SourceIp,
    WeightedTarget,
)
from bonkei.blueprint.wafv2 import (
    And,
    ByteMatch,
    CustomResponse,
    FieldToMatch,
    IpSetMatch,
    Not,
    NotSimulatedStatement,
    Or,
    RateBased,
    RegexMatch,
    SizeConstraint,
    WafAction,
    WafRule,
    WebAcl,
)
from tests.bonkei.services.edge.definitions import (
    ALL_METHODS,
    ALL_VIEWER,
    SECRET,
    behavior,
    distribution,
    forward,
    header_acl,
    load_balancer,
    rule,
    target_group,
)

_CACHED = CachePolicy(
    "cached", 0, 60, 3600, headers=Selection("whitelist", ("Accept-Language",)),
    cookies=Selection("whitelist", ("lang",)), query_strings=Selection("whitelist", ("q",)),
    gzip=True,
)  # fmt: skip
_PATH, _QUERY = FieldToMatch("uri_path"), FieldToMatch("query_string")
_ALLOW, _BLOCK, _COUNT = WafAction("allow"), WafAction("block"), WafAction("count")


def _viewer_acl() -> WebAcl:
    traversal = ByteMatch(_PATH, b"../", "CONTAINS", ("URL_DECODE", "URL_DECODE"))
    script = RegexMatch(FieldToMatch("all_query_arguments"), "<script", ("URL_DECODE", "LOWERCASE"))
    robots = ByteMatch(FieldToMatch("single_header", "user-agent"), b"bot", "CONTAINS_WORD")
    long = SizeConstraint(_QUERY, "GT", 60)
    inside = Not(IpSetMatch(("127.0.0.0/8",)))
    rules = (
        WafRule("managed", 0, _COUNT, NotSimulatedStatement("managed_rule_group_statement", "X")),
        WafRule("long", 1, _COUNT, long, labels=("awswaf:1:webacl:a:long",)),
        WafRule("attack", 2, _BLOCK, Or((traversal, script))),
        WafRule("inside", 3, _BLOCK, inside),
        WafRule("teapot", 4, WafAction("block", CustomResponse(418, body="no")), And((robots,
                ByteMatch(_PATH, b"/api", "STARTS_WITH")))),
        WafRule("rate", 5, _BLOCK, RateBased(4, 300, "IP", ByteMatch(_PATH, b"/rate", "EXACTLY"))),
        WafRule("body", 6, _BLOCK, ByteMatch(FieldToMatch("body"), b"evil", "CONTAINS")),
    )  # fmt: skip
    return WebAcl("acl.viewers", "arn:acl/viewers", "viewers", "CLOUDFRONT", _ALLOW, rules,
                  ("arn:cf",))  # fmt: skip


def everything() -> Blueprint:
    """Origins: the load balancer, and one that is not among the definitions."""
    fixed = FixedResponse(410, "text/plain", "gone")
    weighted = Forward((WeightedTarget("arn:tg/api", 1), WeightedTarget("arn:tg/web", 2)))
    rules = (
        rule(5, fixed, PathPattern(("/old/*", "/gone")), HttpRequestMethod(("GET", "HEAD"))),
        rule(6, Redirect(302, path="/api/#{path}"), PathPattern(("/v?/*",))),
        rule(7, weighted, PathPattern(("/some",))),
        rule(8, forward("empty"), PathPattern(("/empty*",))),
        rule(9, forward("sick"), QueryString((("sick", "*"), ("", "ill*")))),
        rule(10, forward("api"), PathPattern(("/api/*",)), SourceIp(("127.0.0.0/8",))),
        rule(11, forward("api"), HttpHeader("X-Kind", ("api*",))),
        rule(12, forward("api"), HostHeader(("api.*",))),
    )
    origin = Origin("alb", "lb.elb.amazonaws.com", headers=(("X-Origin-Verify", SECRET),))
    elsewhere = Origin("elsewhere", "bucket.example")
    front = distribution(
        behavior("/cached/*", cache=_CACHED, allowed_methods=("GET", "HEAD", "OPTIONS")),
        behavior("images/*.png", cache=_CACHED, compress=True),
        behavior("/elsewhere/*", origin_id="elsewhere", cache=_CACHED),
        behavior("/api/*", origin_request=ALL_VIEWER),
        behavior("*", cache=replace(_CACHED, name="default"), allowed_methods=ALL_METHODS),
        origins=(origin, elsewhere),
        default_root_object="cached/index.html",
        custom_error_responses=(
            CustomErrorResponse(403, 0, 200, "/cached/forbidden.html"),
            CustomErrorResponse(503, 0, None, "/empty/page.html"),
            # What is explained may expire before it happens; these do not.
            CustomErrorResponse(410, 600),
            CustomErrorResponse(502, 600),
        ),
    )
    groups = [target_group(name) for name in ("api", "web", "empty", "sick")]
    groups[1] = replace(groups[1], algorithm="least_outstanding_requests", stickiness=60)
    return Blueprint(
        distributions=(front,),
        web_acls=(_viewer_acl(), header_acl()),
        load_balancers=(load_balancer(*rules),),
        target_groups=tuple(groups),
    )


def _mostly(usual: list[str], odd: list[str]) -> st.SearchStrategy[str]:
    """Eight of nine are usual."""
    return st.sampled_from(usual * (8 * len(odd) // len(usual) + 1) + odd)


_SEGMENTS = _mostly(
    ["api", "cached", "images", "a.png", "elsewhere", "old", "gone", "v1", "some", "empty", "rate",
     ".", "..", "%2e%2e", "%2E.", "%2f", "..%2f", "%252e%252e%252f", "", "%", "%zz", "%00", "API",
     "index.html", "*", "<script>", "\\"],
    ["a b", "a#b", "\x7f", "é"],
)  # fmt: skip
_QUERIES = _mostly(
    ["", "", "?", "?q=1", "?q=2&x=1", "?sick=1", "?x=ILLNESS", "?token=abc", "?&&=", "?a=1?b=2",
     "?" + "x" * 70, "?q=1&q=2"],
    ["?a=%3CScript%3E", "?q=%2e%2e%2f"],
)  # fmt: skip
_PATHS = st.one_of(
    st.builds(lambda parts: "/" + "/".join(parts), st.lists(_SEGMENTS, max_size=4)),
    _mostly(
        ["/", "/rate", "/api/x", "/cached/a", "/images/a.png", "/some", "/gone", "/old/x", "/v1/x",
         "/empty", "/elsewhere/x", "//api/x", "/cached/../api/x", "/cached/index.html"],
        ["*", "", "http://site.example/api/x", "https://evil@site.example/", "/" + "a" * 9000],
    ),
    _mostly(
        ["/api/x", "/cached/a", "/rate", "/some"],
        [f"/{chr(code)}" for code in range(33, 256, 3)],
    ),
)  # fmt: skip
_METHODS = _mostly(["GET", "GET", "GET", "HEAD", "POST", "OPTIONS", "DELETE", "PATCH"],
                   ["TRACE", "BREW", "get", "PROPFIND"])  # fmt: skip
_HOSTS = _mostly(
    ["Host: site.example", "Host: site.example", "Host: d1.cloudfront.net", "Host: api.example",
     "Host: localhost:8080"],
    ["Host: evil.test", "Host: a\r\nHost: b", "X-No: host", "Host: ", "Host : x"],
)  # fmt: skip
_MANY = "X-Forwarded-For: " + ", ".join(["10.0.0.1"] * 40)
_HEADERS = st.lists(
    _mostly(
        ["X-Kind: api-2", f"X-Origin-Verify: {SECRET}", f"X-Origin-Verify: {SECRET}",
         f"X-Origin-Verify: {SECRET}", "X-Origin-Verify: guess", "Cookie: lang=ja",
         "Cookie: session=1; lang=en", "Accept-Language: ja", "Accept-Encoding: gzip, br",
         "User-Agent: a bot", "User-Agent: robot", 'If-None-Match: "1"', "Range: bytes=0-1",
         "Range: bytes=900-", "X-Forwarded-For: 10.0.0.1", "Connection: close",
         "Connection: x-kind", "Authorization: Bearer abc"],
        [_MANY, "X-Long: " + "x" * 9000, "Bad Name: x", "Content-Length: 0", "X: \x01"],
    ),
    max_size=3,
    unique=True,
)  # fmt: skip
_VERSIONS = _mostly(["HTTP/1.1"], ["HTTP/1.0", "HTTP/2.0"])


def _written(
    method: str, path: str, query: str, version: str, host: str, headers: list[str], body: bytes
) -> tuple[bytes, bytes]:
    lines = [f"{method} {path}{query} {version}", host, *headers]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace"), body


requests = st.builds(
    _written, _METHODS, _PATHS, _QUERIES, _VERSIONS, _HOSTS, _HEADERS,
    st.sampled_from([b"", b"", b"", b"", b"", b"good", b"an evil body"]),
)  # fmt: skip
