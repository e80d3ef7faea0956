"""A web ACL as a pure function of the request (AWS WAF Developer Guide)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
    Statement,
    WafAction,
    WafRule,
    WebAcl,
)
from bonkei.services.edge.http.message import Request
from bonkei.services.edge.waf.rate import RateCounter
from bonkei.services.edge.waf.transformation import TRANSFORMATIONS, compose
from bonkei.services.edge.waf.web_acl import CompiledWebAcl

HEADER = FieldToMatch("single_header", "X-Token")
PATH = FieldToMatch("uri_path")
TRUE = ByteMatch(PATH, b"/", "STARTS_WITH")
FALSE = ByteMatch(PATH, b"x", "STARTS_WITH")
UNKNOWN = NotSimulatedStatement("managed_rule_group_statement", "AWSManagedRulesCommonRuleSet")


def request(
    target: str = "/", client: str = "10.1.2.3", body: bytes = b"", **fields: str
) -> Request:
    path, _, query = target.partition("?")
    values = {name.replace("_", "-").encode(): value.encode() for name, value in fields.items()}
    made = Request(
        b"GET", target.encode(), path.encode(), query.encode(), b"1.1", [], values, client.encode()
    )
    made.body = body
    return made


def acl(*rules: WafRule, default: str = "allow", scope: Any = "REGIONAL") -> CompiledWebAcl:
    return CompiledWebAcl(
        WebAcl("acl", "arn", "acl", scope, WafAction(default), rules)  # type: ignore[arg-type]
    )


def blocks(statement: Statement, asked: Request) -> bool:
    return acl(WafRule("rule", 1, WafAction("block"), statement)).check(asked).blocks


@pytest.mark.parametrize(
    ("constraint", "value", "matches"),
    [
        ("EXACTLY", "token", True),
        ("EXACTLY", "tokens", False),
        ("STARTS_WITH", "tokens", True),
        ("ENDS_WITH", "a-token", True),
        ("CONTAINS", "xtokeny", True),
        ("CONTAINS", "tok", False),
        ("CONTAINS_WORD", "a token b", True),
        ("CONTAINS_WORD", "token", True),
        ("CONTAINS_WORD", "token_b", False),  # words consist of letters, digits and _
        ("CONTAINS_WORD", ";token-x", True),
    ],
)
def test_positional_constraints(constraint: Any, value: str, matches: bool) -> None:
    """ "String match rule statement"."""
    assert blocks(ByteMatch(HEADER, b"token", constraint), request(x_token=value)) is matches


def test_a_missing_header_matches_only_a_negation() -> None:
    statement = ByteMatch(HEADER, b"token", "EXACTLY")
    assert not blocks(statement, request())
    assert blocks(Not(statement), request())


@pytest.mark.parametrize(
    ("field", "asked"),
    [
        (FieldToMatch("uri_path"), request("/evil?x")),
        (FieldToMatch("query_string"), request("/?a=evil")),
        (FieldToMatch("single_query_argument", "A"), request("/?b=1&a=evil")),
        (FieldToMatch("all_query_arguments"), request("/?evil=1")),
        (FieldToMatch("body"), request(body=b"some evil here")),
    ],
)
def test_fields(field: FieldToMatch, asked: Request) -> None:
    assert blocks(ByteMatch(field, b"evil", "CONTAINS"), asked)
    assert not blocks(ByteMatch(field, b"evil", "CONTAINS"), request("/good?c=d", body=b"good"))


def test_the_body_is_awaited_only_when_a_rule_inspects_it() -> None:
    body = ByteMatch(FieldToMatch("body"), b"x", "CONTAINS")
    assert acl(WafRule("r", 1, WafAction("block"), TRUE)).body_needed == 0
    assert acl(WafRule("r", 1, WafAction("block"), body)).body_needed == 8193
    assert acl(WafRule("r", 1, WafAction("block"), body), scope="CLOUDFRONT").body_needed == 16385


@pytest.mark.parametrize(("scope", "limit"), [("REGIONAL", 8192), ("CLOUDFRONT", 16384)])
@pytest.mark.parametrize(
    ("handling", "matches"), [("CONTINUE", False), ("MATCH", True), ("NO_MATCH", False)]
)
def test_a_body_longer_than_the_inspected_part(
    scope: str, limit: int, handling: Any, matches: bool
) -> None:
    """ "Handling oversize web request components in AWS WAF"."""
    body = FieldToMatch("body", oversize_handling=handling)
    rule = WafRule("evil", 1, WafAction("block"), ByteMatch(body, b"evil", "ENDS_WITH"))
    compiled = acl(rule, scope=scope)
    fits = b"x" * (limit - 4) + b"evil"
    assert compiled.check(request(body=fits)).blocks
    longer = b"x" * (limit - 3) + b"evil"
    assert compiled.check(request(body=longer)).blocks is matches
    inside = fits + b"x"
    assert compiled.check(request(body=inside)).blocks is (handling != "NO_MATCH")


def test_regex_size_and_ip_set() -> None:
    assert blocks(RegexMatch(PATH, r"^/a\d+$"), request("/a12"))
    assert not blocks(RegexMatch(PATH, r"^/a\d+$"), request("/ab"))
    assert blocks(SizeConstraint(PATH, "GT", 3), request("/abc"))
    assert not blocks(SizeConstraint(PATH, "GT", 4), request("/abc"))
    assert blocks(IpSetMatch(("10.0.0.0/8",)), request())
    assert not blocks(IpSetMatch(("192.0.2.0/24",)), request())


@pytest.mark.parametrize(
    ("position", "value", "matches"),
    [
        ("FIRST", "192.0.2.9, 10.0.0.1", True),
        ("FIRST", "10.0.0.1, 192.0.2.9", False),
        ("LAST", "10.0.0.1, 192.0.2.9", True),
        ("LAST", "192.0.2.9, 10.0.0.1", False),
        ("ANY", "10.0.0.1, 192.0.2.9, 10.0.0.2", True),
        ("ANY", "nonsense, 192.0.2.9", True),
        ("ANY", "192.0.2.9" + ", 10.0.0.1" * 9, True),
        ("ANY", "192.0.2.9" + ", 10.0.0.1" * 10, False),  # the last ten addresses are inspected
    ],
)
def test_an_ip_set_on_a_header(position: Any, value: str, matches: bool) -> None:
    """ "IPSetForwardedIPConfig" (AWS WAFV2 API Reference)."""
    forwarded = IpSetMatch(("192.0.2.0/24",), "X-Forwarded-For", position)
    assert blocks(forwarded, request(x_forwarded_for=value)) is matches


@pytest.mark.parametrize("fallback", [True, False])
@pytest.mark.parametrize("value", ["", "nonsense", "nonsense, 192.0.2.9", "fe80::1%" + "x" * 9_000])
def test_a_header_without_a_valid_address(fallback: bool, value: str) -> None:
    asked = request(x_forwarded_for=value)
    ip_set = IpSetMatch(("192.0.2.0/24",), "X-Forwarded-For", fallback_matches=fallback)
    assert blocks(ip_set, asked) is fallback
    rate = RateBased(9, 60, "FORWARDED_IP", None, "X-Forwarded-For", fallback_matches=fallback)
    assert blocks(rate, asked) is fallback


def test_without_the_header_a_rule_is_not_applied() -> None:
    """ "If the specified header isn't present in the request, AWS WAF doesn't apply the rule to the
    web request at all" (ForwardedIPConfig, AWS WAFV2 API Reference)."""
    ip_set = IpSetMatch(("192.0.2.0/24",), "X-Forwarded-For", fallback_matches=True)
    assert not blocks(ip_set, request())
    assert not blocks(Not(ip_set), request())
    rate = RateBased(2, 60, "FORWARDED_IP", None, "X-Forwarded-For", fallback_matches=True)
    compiled = acl(WafRule("rate", 1, WafAction("block"), rate))
    assert all(not compiled.check(request()).blocks for _ in range(9))


def test_rules_by_priority_and_terminating_actions() -> None:
    """ "Setting rule priority": evaluation continues after a count, and stops at allow or block."""
    compiled = acl(
        WafRule("block", 30, WafAction("block"), TRUE, labels=("c", "a")),
        WafRule("count", 10, WafAction("count"), TRUE, labels=("a", "b")),
        WafRule("allow", 20, WafAction("allow"), ByteMatch(PATH, b"/ok", "EXACTLY")),
    )
    allowed = compiled.check(request("/ok"))
    assert (allowed.rule, allowed.blocks, allowed.counted) == ("allow", False, ("count",))
    blocked = compiled.check(request("/no"))
    assert (blocked.rule, blocked.blocks, blocked.counted) == ("block", True, ("count",))
    assert blocked.labels == ("a", "b", "c")
    counts = {
        name: (c.allowed, c.blocked, c.counted) for name, c in compiled.counters.rules.items()
    }
    assert counts == {"count": (0, 0, 2), "allow": (1, 0, 0), "block": (0, 1, 0)}
    assert compiled.check(request("/ok")) is allowed, "such requests share one verdict"
    assert compiled.check(request("/no")) is blocked


def test_the_default_action_and_a_custom_response() -> None:
    default = acl(default="block").check(request())
    assert (default.rule, default.blocks, default.response) == ("Default_Action", True, None)
    custom = CustomResponse(429, (("Retry-After", "1"),), '{"slow":1}', "APPLICATION_JSON")
    blocked = acl(WafRule("r", 1, WafAction("block", custom), TRUE)).check(request())
    response = blocked.response
    assert response is not None
    assert (response.status, response.body) == (429, b'{"slow":1}')
    assert response.headers == ((b"Retry-After", b"1"), (b"Content-Type", b"application/json"))


@pytest.mark.parametrize(
    ("statement", "matches"),
    [
        (And((TRUE, TRUE)), True),
        (And((TRUE, FALSE)), False),
        (Or((FALSE, TRUE)), True),
        (Or((FALSE, FALSE)), False),
        (Not(FALSE), True),
        # A statement that only AWS can evaluate never matches, negated or not.
        (UNKNOWN, False),
        (Not(UNKNOWN), False),
        (And((TRUE, UNKNOWN)), False),
        (And((TRUE, Not(UNKNOWN))), False),
        (Or((TRUE, UNKNOWN)), True),
        (Or((FALSE, UNKNOWN)), False),
        (Not(And((FALSE, UNKNOWN))), True),
    ],
)
def test_logic_with_unknown_statements(statement: Statement, matches: bool) -> None:
    assert blocks(statement, request()) is matches


def test_differences_from_aws_are_listed() -> None:
    """The blueprint lists the statements that only AWS can evaluate. The edge does not list them
    again.
    """
    compiled = acl(
        WafRule("managed", 1, WafAction("block"), UNKNOWN),
        WafRule("css", 2, WafAction("block"), ByteMatch(PATH, b"x", "CONTAINS", ("CSS_DECODE",))),
        WafRule("puzzle", 3, WafAction("captcha"), TRUE),
        WafRule("regex", 4, WafAction("block"), Or((FALSE, RegexMatch(PATH, "a++(?R)")))),
        WafRule("rate", 5, WafAction("block"), RateBased(9, 60, "IP", FALSE)),
        WafRule("plain", 6, WafAction("block"), And((TRUE, FALSE))),
    )
    reasons = dict(compiled.not_simulated)
    assert sorted(reasons) == ["css", "puzzle", "rate", "regex"]
    assert "ten seconds" in reasons["rate"]
    assert "CSS_DECODE" in reasons["css"]
    assert "captcha" in reasons["puzzle"]
    assert not compiled.check(request()).blocks


def test_a_rate_counts_requests_in_its_window() -> None:
    now = [0.0]
    rate = RateCounter(10, 300, lambda: now[0])
    assert not any(rate.exceeds(b"a") for _ in range(10))
    assert rate.exceeds(b"a")
    assert not rate.exceeds(b"b")
    now[0] = 299.0
    assert rate.exceeds(b"a")
    now[0] = 700.0
    assert not rate.exceeds(b"a")


def test_a_rate_based_rule_counts_only_its_scope() -> None:
    rate = RateBased(2, 60, "IP", ByteMatch(PATH, b"/login", "STARTS_WITH"))
    compiled = acl(WafRule("rate", 1, WafAction("block"), rate))
    assert all(not compiled.check(request("/other")).blocks for _ in range(9))
    answers = [not compiled.check(request("/login")).blocks for _ in range(3)]
    assert answers == [True, True, False]
    assert not compiled.check(request("/login", client="10.9.9.9")).blocks


def test_every_spelling_of_an_address_counts_as_one() -> None:
    compiled = acl(WafRule("rate", 1, WafAction("block"), RateBased(1, 60, "FORWARDED_IP")))
    written = ["2001:db8::1", "2001:DB8:0::1", "2001:db8:0:0:0:0:0:1"]
    answers = [not compiled.check(request(x_forwarded_for=each)).blocks for each in written]
    assert answers == [True, False, False]


@pytest.mark.parametrize(
    ("names", "given", "expected"),
    [
        (("LOWERCASE",), b"AbC", b"abc"),
        (("URL_DECODE",), b"a%20b+c%zz", b"a b c%zz"),
        (("URL_DECODE_UNI",), b"%u0041%uff01", b"A!"),
        (("COMPRESS_WHITE_SPACE",), b"a \t\n b", b"a b"),
        (("HTML_ENTITY_DECODE",), b"&lt;&#65;&quot;", b'<A"'),
        (("CMD_LINE",), b'C^a"T ,;  /etc', b"cat/etc"),
        (("REPLACE_COMMENTS",), b"a/*x*/b/*y", b"a b "),
        (("NORMALIZE_PATH",), b"/a//b/../c/./", b"/a/c/"),
        (("NORMALIZE_PATH_WIN",), b"\\a\\..\\b", b"/b"),
        (("BASE64_DECODE",), b"YWI=", b"ab"),
        (("BASE64_DECODE",), b"!!", b"!!"),
        (("BASE64_DECODE_EXT",), b"Y W-I", b"ab"),
        (("HEX_DECODE",), b"61 62", b"ab"),
        (("REMOVE_NULLS",), b"a\0b", b"ab"),
        (("URL_DECODE", "LOWERCASE"), b"%41", b"a"),
    ],
)
def test_transformations(names: tuple[str, ...], given: bytes, expected: bytes) -> None:
    """ "Using text transformations in AWS WAF"."""
    transform = compose(names)
    assert transform is not None
    assert transform(given) == expected


@given(st.sampled_from(sorted(TRANSFORMATIONS)), st.binary(max_size=64))
def test_no_transformation_fails_on_any_bytes(name: str, value: bytes) -> None:
    assert isinstance(TRANSFORMATIONS[name](value), bytes)
