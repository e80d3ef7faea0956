"""Permissions on the console: the real decisions and the real ledger, without an endpoint."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from permission_clouds import ACCOUNT, FakeCloud

from bonkei.base.errors import BonkeiError
from bonkei.blueprint import Blueprint
from bonkei.blueprint.iam import PolicyStatement, Role
from bonkei.blueprint.s3 import Bucket
from bonkei.config import Enforce
from bonkei.miniature.console.permissions import PermissionSources, offer_permissions
from bonkei.services.console import Console

ROLE = f"arn:aws:iam::{ACCOUNT}:role/web"
MARKUP = '<img src=x onerror="alert(1)">'
MAIN = """
resource "aws_iam_role" "web" {
}

resource "aws_iam_role_policy" "web" {
}
"""


def web(*statements: PolicyStatement, **more: Any) -> Role:
    return Role("aws_iam_role.web", ROLE, "web", (), statements, **more)


def says(effect: str, action: str, on: str = "*", **more: Any) -> PolicyStatement:
    return PolicyStatement("aws_iam_role_policy.web", effect, (action,), resources=(on,), **more)


READS = says("Allow", "s3:GetObject", "arn:aws:s3:::shop/*", sid="Reads")
DEFINED = Blueprint(
    roles=(web(READS, says("Allow", "sqs:SendMessage"), says("Allow", "athena:GetQueryResults")),)
)


class Desk:
    def __init__(self, root: Path, blueprint: Blueprint, enforce: Enforce = "on") -> None:
        (root / "infrastructure").mkdir(parents=True)
        (root / "infrastructure" / "main.tf").write_text(MAIN)
        self.cloud = FakeCloud(root / "cloud", blueprint, enforce)
        self.console = Console()
        offer_permissions(
            self.console,
            PermissionSources(
                lambda: blueprint,
                lambda: self.cloud,  # type: ignore[arg-type,return-value]
                enforce,
                root / "infrastructure",
                root,
            ),
        )

    def act(self, action: str, resource: str) -> str:
        return self.cloud.asks.role(ROLE, "task", action, resource)

    async def see(self, topic: str, **query: str) -> Any:
        found = await self.console._topics[topic](query)
        return json.loads(json.dumps(found, ensure_ascii=False).encode())

    async def ask(self, action: str, resource: str = "*", **more: str) -> Any:
        return await self.see(
            "permissions.ask", role="web", action=action, resource=resource, **more
        )


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path, DEFINED)


async def test_denied_calls_alike_are_one_with_the_policy_and_its_line(desk: Desk) -> None:
    for _ in range(3):
        assert "not authorized" in desk.act("s3:DeleteObject", "arn:aws:s3:::shop/a")
    found = await desk.see("permissions")
    (denied,) = found["denied"]
    assert (denied["who"], denied["action"], denied["count"]) == ("web", "s3:DeleteObject", 3)
    assert denied["why"] == "no identity-based policy allows it"
    assert denied["places"] == [
        {"address": "aws_iam_role_policy.web", "file": "infrastructure/main.tf", "line": 5}
    ]
    assert denied["would_allow"] == (
        'actions = ["s3:DeleteObject"]  resources = ["arn:aws:s3:::shop/a"]'
    )


async def test_an_explicit_deny_names_its_statement(tmp_path: Path) -> None:
    never = says("Deny", "sqs:*", sid="Never")
    desk = Desk(tmp_path, Blueprint(roles=(web(says("Allow", "sqs:*"), never),)))
    desk.act("sqs:SendMessage", f"arn:aws:sqs:eu-west-1:{ACCOUNT}:q")
    (denied,) = (await desk.see("permissions"))["denied"]
    assert denied["why"] == (
        "explicit deny in an identity-based policy: aws_iam_role_policy.web Never"
    )
    assert denied["would_allow"] == ""


async def test_allowed_calls_are_counted_and_grants_have_their_use(desk: Desk) -> None:
    for key in ("a", "a", "b"):
        assert desk.act("s3:GetObject", f"arn:aws:s3:::shop/{key}") == ""
    (role,) = (await desk.see("permissions"))["roles"]
    assert (role["calls"], role["used"], role["unused"]) == (3, 1, 1)
    found = await desk.see("permissions.role", role="web")
    assert found["counts"] == [["s3:GetObject", 3]]
    uses = {each["action"]: (len(each["used"]), each["observed"]) for each in found["grants"]}
    assert uses["s3:GetObject"] == (2, True)
    assert uses["sqs:SendMessage"] == (0, True)


async def test_a_question_names_the_statement_that_allows(desk: Desk) -> None:
    found = await desk.ask("s3:GetObject", "arn:aws:s3:::shop/a")
    assert found["allowed"] is True
    assert (found["statement"]["sid"], found["statement"]["place"]["line"]) == ("Reads", 5)


async def test_a_question_names_the_absence_and_what_is_near(desk: Desk) -> None:
    found = await desk.ask("s3:GetObject", "arn:aws:s3:::other/a")
    assert (found["allowed"], found["explicit"], found["statement"]) == (False, False, None)
    assert "because no identity-based policy allows the s3:GetObject action" in found["message"]
    assert [each["resources"] for each in found["near"]] == [["arn:aws:s3:::shop/*"]]


async def test_a_condition_needs_its_key_and_takes_it(tmp_path: Path) -> None:
    from_here = says(
        "Allow", "s3:ListBucket", conditions=(("IpAddress", "aws:sourceip", "10.0.0.0/8"),)
    )
    desk = Desk(tmp_path, Blueprint(roles=(web(from_here),)))
    found = await desk.ask("s3:ListBucket", "arn:aws:s3:::shop")
    assert (found["allowed"], found["absent_keys"]) == (False, ["aws:sourceip"])
    found = await desk.ask("s3:ListBucket", "arn:aws:s3:::shop", context="aws:SourceIp = 10.1.2.3")
    assert found["allowed"] is True


async def test_a_bucket_s_own_policy_decides_too(tmp_path: Path) -> None:
    bucket = Bucket("aws_s3_bucket.shop", "arn:aws:s3:::shop", "shop", policy=(
        PolicyStatement("aws_s3_bucket_policy.shop", "Deny", ("s3:GetObject",),
                        resources=("arn:aws:s3:::shop/*",), principals=(("*", "*"),)),
    ))  # fmt: skip
    desk = Desk(tmp_path, Blueprint(roles=(web(READS),), buckets=(bucket,)))
    found = await desk.ask("s3:GetObject", "arn:aws:s3:::shop/a")
    assert (found["allowed"], found["explicit"]) == (False, True)
    assert found["statement"]["place"]["address"] == "aws_s3_bucket_policy.shop"


async def test_a_policy_whose_text_is_not_known_makes_no_claim(tmp_path: Path) -> None:
    strange = (("aws_iam_role_policy_attachment.x", f"arn:aws:iam::{ACCOUNT}:policy/other"),)
    desk = Desk(tmp_path, Blueprint(roles=(web(READS, managed_policies=strange),)))
    found = await desk.ask("s3:GetObject", "arn:aws:s3:::shop/a")
    assert (found["allowed"], found["unknown"]) == (False, [strange[0][1]])


async def test_a_question_is_no_call(desk: Desk) -> None:
    await desk.ask("s3:GetObject", "arn:aws:s3:::shop/a")
    await desk.ask("s3:DeleteBucket", "arn:aws:s3:::shop")
    found = await desk.see("permissions")
    assert (found["denied"], found["roles"][0]["calls"]) == ([], 0)
    assert desk.cloud.ledger.used() == {}


@pytest.mark.parametrize("enforce", ["report", "off"])
async def test_a_question_is_answered_where_nothing_is_enforced(
    tmp_path: Path, enforce: Enforce
) -> None:
    desk = Desk(tmp_path, DEFINED, enforce)
    assert (await desk.ask("s3:GetObject", "arn:aws:s3:::other/a"))["allowed"] is False


@pytest.mark.parametrize(
    "query",
    [
        {"role": "none", "action": "s3:GetObject"},
        {"role": "", "action": "s3:GetObject"},
        {"role": "web", "action": "s3:*"},
        {"role": "web", "action": MARKUP},
        {"role": "web", "action": "s3:GetObject", "resource": "shop"},
        {"role": "web", "action": "s3:GetObject", "resource": "arn:aws:s3:::shop/*"},
        {"role": "web", "action": "s3:GetObject", "context": "nothing"},
        {"role": "web", "action": "s3:GetObject", "resource": "arn:" + "x" * 5_000},
    ],
)
async def test_what_is_no_question_is_said(desk: Desk, query: dict[str, str]) -> None:
    with pytest.raises(BonkeiError) as caught:
        await desk.see("permissions.ask", **query)
    assert caught.value.remedy


async def test_names_with_markup_and_controls_are_shown_as_they_are(desk: Desk) -> None:
    desk.act("s3:GetObject", f"arn:aws:s3:::shop2/{MARKUP}\x1b[2J\u202e")
    (denied,) = (await desk.see("permissions"))["denied"]
    assert denied["resource"] == f"arn:aws:s3:::shop2/{MARKUP}\\x1b[2J\\u202e"


async def test_many_denials_stay_few(desk: Desk) -> None:
    for i in range(1_500):
        desk.act("s3:DeleteObject", f"arn:aws:s3:::shop/{i}")
    found = await desk.see("permissions")
    assert (len(found["denied"]), found["more"]) == (200, 800)
    assert len(json.dumps(found)) < 400_000
