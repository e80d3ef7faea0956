"""Two roles as a system has them, calls that were allowed, and some that were denied."""

from __future__ import annotations

from pathlib import Path

from permission_clouds import ACCOUNT, FakeCloud

from bonkei.blueprint import Blueprint
from bonkei.blueprint.iam import PolicyStatement, Role
from bonkei.miniature.console.permissions import PermissionSources, offer_permissions
from bonkei.services.console import Console
from tests.bonkei.services.console.samples.world import MARKUP, Done

BACKEND = f"arn:aws:iam::{ACCOUNT}:role/statuspage-dev-backend"
MAIN = """
resource "aws_iam_role" "task" {
}

resource "aws_iam_role_policy" "task" {
}
"""


def says(effect: str, *actions: str, on: str = "*", sid: str = "") -> PolicyStatement:
    return PolicyStatement("aws_iam_role_policy.task", effect, actions, resources=(on,), sid=sid)


TRUST = PolicyStatement(
    "aws_iam_role.task", "Allow", ("sts:AssumeRole",),
    principals=(("Service", "ecs-tasks.amazonaws.com"),),
)  # fmt: skip
DEFINED = Blueprint(
    roles=(
        Role("aws_iam_role.task", BACKEND, "statuspage-dev-backend", (TRUST,), (
            says("Allow", "s3:GetObject", "s3:PutObject", on="arn:aws:s3:::logs/*", sid="Logs"),
            says("Allow", "sqs:*"),
            says("Deny", "sqs:PurgeQueue", sid="NeverPurge"),
            says("Allow", "athena:GetQueryResults"),
        )),
        Role("aws_iam_role.deploy", f"arn:aws:iam::{ACCOUNT}:role/deploy", "deploy", (TRUST,)),
    )
)  # fmt: skip


def offer(console: Console, _done: Done, home: Path) -> None:
    (home / "infrastructure").mkdir()
    (home / "infrastructure" / "main.tf").write_text(MAIN)
    cloud = FakeCloud(home / "cloud", DEFINED, "on")
    cloud.undecided = ()
    for action, resource in (
        ("s3:GetObject", "arn:aws:s3:::logs/a"),
        ("s3:GetObject", "arn:aws:s3:::logs/b"),
        ("s3:DeleteObject", f"arn:aws:s3:::logs/{MARKUP}\u202e"),
        ("s3:DeleteObject", f"arn:aws:s3:::logs/{MARKUP}\u202e"),
        ("sqs:PurgeQueue", f"arn:aws:sqs:ap-northeast-1:{ACCOUNT}:orders"),
    ):
        cloud.asks.role(BACKEND, "task", action, resource)
    sources = PermissionSources(
        lambda: DEFINED,
        lambda: cloud,  # type: ignore[arg-type,return-value]
        "on",
        home / "infrastructure",
        home,
    )
    offer_permissions(console, sources)
