"""Which changes are risks, and which are none."""

# ruff: noqa: E501 -- tables of cases
from __future__ import annotations

from dataclasses import replace

import pytest

from bonkei.analysis.changes import Comparison, Finding, Risk
from bonkei.analysis.changes.alarms import unwatched
from bonkei.analysis.changes.compare import _holds_data
from bonkei.analysis.changes.costs import Costs, costs
from bonkei.analysis.changes.exposure import opened, published
from bonkei.analysis.changes.permissions import grown, grown_policies, grown_roles
from bonkei.analysis.changes.report import as_dict, render_markdown
from bonkei.blueprint import Blueprint
from bonkei.blueprint.cloudwatch import Alarm, Metric
from bonkei.blueprint.ec2.security_group import SecurityGroup, SecurityGroupRule
from bonkei.blueprint.elbv2 import LoadBalancer
from bonkei.blueprint.iam import PolicyStatement, Role
from bonkei.blueprint.sns import Topic
from bonkei.blueprint.state import Resource, State
from bonkei.blueprint.wafv2 import WafAction, WebAcl
from bonkei.definitions.terraform.reports.changes import Change, PlanSummary


def group(*rules: SecurityGroupRule, name: str = "web", group_id: str = "sg-1") -> SecurityGroup:
    return SecurityGroup(
        f"aws_security_group.{name}", f"arn:{name}", group_id, name, "vpc-1", rules
    )


def rule(first: int, last: int, *cidrs: str, protocol: str = "tcp", groups: tuple[str, ...] = ()):
    return SecurityGroupRule("r", "ingress", protocol, first, last, cidrs, (), groups)


INSIDE, ANYWHERE = "10.0.0.0/8", "0.0.0.0/0"


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ([rule(443, 443, INSIDE)], [rule(443, 443, INSIDE)], ()),
        ([rule(443, 443, ANYWHERE)], [rule(443, 443, INSIDE)], ()),
        ([rule(0, 65535, INSIDE, protocol="-1")], [rule(22, 22, "10.1.0.0/16")], ()),
        ([rule(80, 80, INSIDE), rule(81, 90, INSIDE)], [rule(80, 90, INSIDE)], ()),
        ([rule(80, 80, INSIDE), rule(82, 90, INSIDE)], [rule(80, 90, INSIDE)], (f"{INSIDE} on tcp 80-90",)),
        ([rule(443, 443, INSIDE)], [rule(443, 443, ANYWHERE)], ("any IPv4 address on tcp 443",)),
        ([rule(443, 443, INSIDE)], [rule(443, 443, INSIDE, protocol="udp")], (f"{INSIDE} on udp 443",)),
        ([], [rule(0, 65535, "::/0", protocol="-1")], ("any IPv6 address on every port",)),
        ([rule(443, 443, ANYWHERE)], [rule(443, 443, "::/0")], ("any IPv6 address on tcp 443",)),
        ([rule(5432, 5432, groups=("sg-1",))], [rule(5432, 5432, groups=("sg-9",))], ("sg-9 on tcp 5432",)),
    ],
)  # fmt: skip
def test_what_a_group_lets_in_that_it_did_not(old, new, found) -> None:
    findings = opened(
        Blueprint(security_groups=(group(*old),)), Blueprint(security_groups=(group(*new),))
    )
    assert [each.details for each in findings] == ([found] if found else [])


def test_a_peer_that_is_replaced_is_the_same_peer() -> None:
    before = group(rule(80, 80, groups=("sg-2",)))
    after = group(rule(80, 80, groups=("sg-3",)))
    old = Blueprint(security_groups=(before, group(name="app", group_id="sg-2")))
    new = Blueprint(security_groups=(after, group(name="app", group_id="sg-3")))
    assert list(opened(old, new)) == []


def state(*resources: tuple[str, str, dict[str, object]]) -> State:
    return State(
        tuple(Resource(f"{kind}.{name}", values, type=kind) for kind, name, values in resources)
    )


def block(**flags: bool) -> tuple[str, str, dict[str, object]]:
    names = (
        "block_public_acls",
        "block_public_policy",
        "ignore_public_acls",
        "restrict_public_buckets",
    )
    return (
        "aws_s3_bucket_public_access_block",
        "a",
        {"bucket": "a", **dict.fromkeys(names, True), **flags},
    )


BUCKET = ("aws_s3_bucket", "a", {"bucket": "a"})


@pytest.mark.parametrize(
    ("was", "now", "said"),
    [
        ([], [BUCKET], []),
        ([BUCKET], [BUCKET, block()], []),
        ([BUCKET, block()], [], []),
        ([BUCKET, block()], [BUCKET], ["aws_s3_bucket.a"]),
        ([BUCKET, block()], [BUCKET, block(block_public_policy=False)], ["aws_s3_bucket.a"]),
        ([], [("aws_lambda_function_url", "u", {"authorization_type": "AWS_IAM"})], []),
        ([], [("aws_lambda_function_url", "u", {"authorization_type": "NONE"})], ["aws_lambda_function_url.u"]),
        ([("aws_db_instance", "d", {"publicly_accessible": False})],
         [("aws_db_instance", "d", {"publicly_accessible": True})], ["aws_db_instance.d"]),
    ],
)  # fmt: skip
def test_what_faces_the_internet_and_did_not(was, now, said) -> None:
    found = published(Blueprint(), Blueprint(), state(*was), state(*now))
    assert [each.address for each in found] == said


def test_a_load_balancer_that_loses_its_web_acl() -> None:
    balancer = LoadBalancer("aws_lb.a", "arn:lb", "a", "a.example", ())
    acl = WebAcl(
        "aws_wafv2_web_acl.a", "arn:acl", "a", "REGIONAL", WafAction("allow"), (), ("arn:lb",)
    )
    old = Blueprint(load_balancers=(balancer,), web_acls=(acl,))
    new = Blueprint(load_balancers=(balancer,), web_acls=(replace(acl, protects=()),))
    assert list(published(old, new, State(), State())) == [
        Finding(Risk.REACHABLE, "aws_lb.a", "is no longer behind", ("aws_wafv2_web_acl.a",))
    ]
    assert list(published(new, old, State(), State())) == []


def may(
    *actions: str, on: str = "arn:aws:s3:::a/*", if_: tuple = (), effect: str = "Allow", **more
):
    return PolicyStatement("p", effect, actions, resources=(on,), conditions=if_, **more)


VPC = ("StringEquals", "aws:SourceVpc", "vpc-1")
OTHER_VPC = ("StringEquals", "aws:SourceVpc", "vpc-2")
NOT_VPC = ("StringNotEquals", "aws:SourceVpc", "vpc-1")
NOT_OTHER = ("StringNotEquals", "aws:SourceVpc", "vpc-2")


@pytest.mark.parametrize(
    ("old", "new", "count"),
    [
        ([may("s3:GetObject")], [may("s3:getobject")], 0),
        ([may("s3:*")], [may("s3:Get*")], 0),
        ([may("s3:Get*")], [may("s3:*")], 1),
        ([may("s3:GetObject")], [may("s3:GetObject", "s3:PutObject")], 1),
        ([may("s3:GetObject", on="*")], [may("s3:GetObject")], 0),
        ([may("s3:GetObject")], [may("s3:GetObject", on="*")], 1),
        ([may("s3:GetObject", if_=(VPC,))], [may("s3:GetObject")], 1),
        ([may("s3:GetObject")], [may("s3:GetObject", if_=(VPC,))], 0),
        ([may("s3:GetObject", if_=(VPC,))], [may("s3:GetObject", if_=(VPC, OTHER_VPC))], 1),
        ([may("s3:GetObject", if_=(VPC, OTHER_VPC))], [may("s3:GetObject", if_=(VPC,))], 0),
        ([may("s3:GetObject", if_=(NOT_VPC, NOT_OTHER))], [may("s3:GetObject", if_=(NOT_VPC,))], 1),
        ([may("s3:GetObject", if_=(NOT_VPC,))], [may("s3:GetObject", if_=(NOT_VPC, NOT_OTHER))], 0),
        ([may("s3:DeleteObject", effect="Deny")], [], 1),
        ([may("s3:DeleteObject", effect="Deny")], [may("s3:*", effect="Deny")], 0),
        ([], [may(not_actions=("iam:*",))], 1),
        ([may("*")], [may(not_actions=("iam:*",))], 0),
        ([may("sts:X", principals=(("AWS", "a"),))], [may("sts:X", principals=(("AWS", "*"),))], 1),
        ([may("sts:X", principals=(("AWS", "*"),))], [may("sts:X", principals=(("AWS", "a"),))], 0),
    ],
)
def test_a_permission_grows_where_nothing_granted_it_before(old, new, count) -> None:
    assert len(grown(old, new)) == count


@pytest.mark.parametrize(
    ("principal", "conditions", "lets_in"),
    [
        ("*", (), True),
        ("*", (("StringEquals", "AWS:SourceOwner", "123456789012"),), False),
        ("*", (("StringEquals", "aws:SourceAccount", "999999999999"),), True),
        (
            "*",
            (
                ("StringEquals", "AWS:SourceOwner", "123456789012"),
                ("StringEquals", "AWS:SourceOwner", "999999999999"),
            ),
            True,
        ),
        ("*", (("StringNotEquals", "aws:SourceAccount", "123456789012"),), True),
        ("arn:aws:iam::123456789012:root", (), False),
        ("arn:aws:iam::999999999999:root", (), True),
    ],
)
def test_the_account_itself_is_not_let_in(principal, conditions, lets_in) -> None:
    arn = "arn:aws:sns:eu-west-1:123456789012:t"
    policy = (may("SNS:Publish", on=arn, if_=conditions, principals=(("AWS", principal),)),)
    new = Blueprint(topics=(Topic("aws_sns_topic.t", arn, "t", policy=policy),), arns=(arn,))
    assert bool(list(grown_policies(Blueprint(), new))) is lets_in


def test_a_role_that_grows_in_each_way() -> None:
    trust = PolicyStatement("r", "Allow", ("sts:AssumeRole",), principals=(("Service", "a"),))
    role = Role("aws_iam_role.a", "arn:r", "a", (trust,), permissions_boundary="arn:b")
    more = replace(
        role,
        statements=(may("s3:GetObject"),),
        trust=(replace(trust, principals=(("AWS", "*"),)),),
        managed_policies=(("x", "arn:aws:iam::aws:policy/Unheard"),),
        permissions_boundary="",
    )
    found = list(grown_roles(Blueprint(roles=(role,)), Blueprint(roles=(more,))))
    assert [each.text for each in found] == [
        "may",
        "may do all of",
        "may be taken by",
        "has no permissions boundary any more",
    ]
    assert found[0].details == ("s3:GetObject on arn:aws:s3:::a/*",)
    moved = replace(role, address="module.b.aws_iam_role.a")
    assert list(grown_roles(Blueprint(roles=(role,)), Blueprint(roles=(moved,)))) == []


ALARM = Alarm(
    "aws_cloudwatch_metric_alarm.a", "arn:a", "a", "GreaterThanThreshold", 5, 3, 2,
    Metric("AWS/SQS", "Age"), treat_missing_data="breaching", alarm_actions=("arn:t",),
)  # fmt: skip


@pytest.mark.parametrize(
    ("now", "said"),
    [
        (None, ["is gone"]),
        (ALARM, []),
        (replace(ALARM, address="module.b.x.a"), []),
        (replace(ALARM, threshold=4), []),
        (replace(ALARM, threshold=9), ["rings at GreaterThanThreshold 9, no longer at GreaterThanThreshold 5"]),
        (replace(ALARM, comparison="LessThanThreshold"), ["rings at LessThanThreshold 5, no longer at GreaterThanThreshold 5"]),
        (replace(ALARM, datapoints_to_alarm=3), ["rings after 3 periods, not 2"]),
        (replace(ALARM, datapoints_to_alarm=1), []),
        (replace(ALARM, actions_enabled=False), ["takes no actions any more"]),
        (replace(ALARM, alarm_actions=()), ["when it rings, no longer tells"]),
        (replace(ALARM, alarm_actions=("arn:t", "arn:u")), []),
        (replace(ALARM, metric=Metric("AWS/SQS", "Size")), ["watches another metric"]),
        (replace(ALARM, treat_missing_data="missing"), ["does not ring without data any more"]),
    ],
)  # fmt: skip
def test_an_alarm_that_goes_or_watches_less(now: Alarm | None, said: list[str]) -> None:
    new = Blueprint(alarms=() if now is None else (now,))
    assert [each.text for each in unwatched(Blueprint(alarms=(ALARM,)), new)] == said


@pytest.mark.parametrize(
    ("address", "holds"),
    [
        ("aws_s3_bucket.a", True),
        ('module.m["x.y"].aws_rds_cluster.a["b.c"]', True),
        ("aws_s3_bucket_policy.a", False),
        ("aws_rds_cluster_instance.a[0]", False),
        ("aws_lb.a", False),
    ],
)
def test_what_has_data_of_its_own(address: str, holds: bool) -> None:
    assert _holds_data(Change(address, "delete")) is holds


def test_what_has_no_price_is_named() -> None:
    instance = {"engine": "mysql", "instance_class": "db.t9.huge"}
    found = costs(state(("aws_db_instance", "d", instance), ("aws_kms_key", "k", {})))
    assert (found.total, found.unpriced) == (1.0, ("mysql db.t9.huge",))


def test_a_cache_is_named_among_what_has_no_price() -> None:
    kind = "aws_elasticache_replication_group"
    values = {"engine": "redis", "node_type": "cache.m7g.large"}
    cache = Resource(address=f"{kind}.c", type=kind, values=values)
    found = costs(State((cache,)))
    assert found.unpriced == ("redis cache.m7g.large",)
    compared = Comparison((), PlanSummary(()), Costs({}), found)
    report = render_markdown(compared, "main")
    assert "No price is known for `redis cache.m7g.large`." in report


def test_a_report_is_markdown_that_no_name_can_leave() -> None:
    hostile = "a` @everyone <img src=x> \n# b"
    findings = (Finding(Risk.DESTROYED, hostile, "is destroyed", (hostile,)),) * 30
    plan = PlanSummary((Change(hostile, "delete"),) * 200)
    compared = Comparison(
        findings, plan, Costs({"nat_gateway": 45.26}), Costs({"kms_key": 1}, ("x y",))
    )
    said = render_markdown(compared, "main")
    assert "**destroyed: 30 · −$44.26 a month**" in said
    assert "<summary>10 more</summary>" in said
    assert "`a' @everyone <img src=x> # b`" in said
    assert "| NAT gateway | −$45.26 |" in said
    assert "No price is known for `x y`." in said
    outside = [part for line in said.splitlines() for part in line.split("`")[::2]]
    assert not [part for part in outside if "@" in part or "<img" in part]
    assert len(said) < 65_536
    assert as_dict(compared, "main")["costs"]["differences"] == {
        "kms_key": 1,
        "nat_gateway": -45.26,
    }


def test_without_a_change_it_says_so() -> None:
    same = Comparison((), PlanSummary(()), Costs({}), Costs({}))
    assert render_markdown(same, "main").endswith("\nNothing changes.")
