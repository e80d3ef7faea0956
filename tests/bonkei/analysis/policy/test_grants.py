"""The used grants of a role, and the smallest sufficient policy."""

from bonkei.analysis.policy.grants import grants, tighten
from bonkei.blueprint.iam import PolicyStatement

OBJECTS, OTHERS = "arn:aws:s3:::shop/*", "arn:aws:s3:::other/*"
STATEMENTS = (
    PolicyStatement("a", "Allow", ("s3:Get*", "s3:PutObject"), resources=(OBJECTS, OTHERS)),
    PolicyStatement("b", "Allow", ("sqs:*",), resources=("*",)),
    PolicyStatement("c", "Allow", ("ecr:BatchGetImage",), resources=("*",)),
    PolicyStatement("d", "Deny", ("s3:DeleteObject",), resources=("*",)),
)
USED = {"s3:GetObject": ["arn:aws:s3:::shop/a"]}
OBSERVED = ("s3", "sqs")


def test_grants_show_what_was_used() -> None:
    found = {each.action: each for each in grants(STATEMENTS, USED, OBSERVED)}
    assert found["s3:Get*"].used == (("s3:GetObject", "arn:aws:s3:::shop/a"),)
    assert found["s3:PutObject"].used == ()
    assert not found["ecr:BatchGetImage"].is_observed
    assert "s3:DeleteObject" not in found


def test_an_incomplete_arn_covers_its_use() -> None:
    statement = PolicyStatement("e", "Allow", ("s3:*",), resources=("arn:aws:s3",))
    (found,) = grants([statement], USED, OBSERVED)
    assert found.used == (("s3:GetObject", "arn:aws:s3:::shop/a"),)
    assert tighten([statement], USED, OBSERVED)[0].actions == ("s3:GetObject",)


def test_the_tight_policy_covers_the_use_and_keeps_what_cannot_be_observed() -> None:
    first, unseen, deny = tighten(STATEMENTS, USED, OBSERVED)
    assert (first.actions, first.resources) == (("s3:GetObject",), (OBJECTS,))
    assert (unseen, deny) == STATEMENTS[2:]
