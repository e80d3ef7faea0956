from __future__ import annotations

import json
from typing import Any

import pytest

from bonkei.blueprint import BlueprintError
from bonkei.blueprint.iam import PolicyStatement
from bonkei.blueprint.state.use import Use


def policy(**statement: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": {"Effect": "Allow", **statement}})


ROLE = {
    "arn": "arn:aws:iam::123456789012:role/task",
    "name": "task",
    "assume_role_policy": policy(
        Action="sts:AssumeRole",
        Principal={"Service": ["ecs-tasks.amazonaws.com"]},
        Condition={"StringEquals": {"aws:SourceAccount": ["123456789012"]}},
    ),
    "inline_policy": [],
    "managed_policy_arns": [],
    "permissions_boundary": None,
}


def test_a_role_has_every_policy_attached_to_it(blueprint) -> None:
    found = blueprint(
        {
            "aws_iam_role.task": {
                **ROLE,
                # The state repeats the inline policy of the resource below.
                "inline_policy": [
                    {"name": "own", "policy": policy(Action="s3:Get*", Resource="*")}
                ],
            },
            "aws_iam_role_policy.own": {
                "role": "task",
                "policy": policy(Action="s3:Get*", Resource="*"),
            },
            "aws_iam_policy.shared": {
                "arn": "arn:shared",
                "policy": policy(Action=["b:B", "a:A"], Resource=["r"], Sid="S"),
            },
            "aws_iam_role_policy_attachment.shared": {"role": "task", "policy_arn": "arn:shared"},
            "aws_iam_role_policy_attachment.managed": {"role": "task", "policy_arn": "arn:aws:x"},
            "aws_iam_role_policy_attachment.other": {"role": "other", "policy_arn": "arn:y"},
        }
    ).role(ROLE["arn"])
    assert found is not None
    assert found.statements == (
        PolicyStatement("aws_iam_role_policy.own", "Allow", actions=("s3:Get*",), resources=("*",)),
        PolicyStatement(
            "aws_iam_policy.shared", "Allow", actions=("a:A", "b:B"), resources=("r",), sid="S"
        ),
    )
    assert found.managed_policies == (("aws_iam_role_policy_attachment.managed", "arn:aws:x"),)
    assert found.trust[0].principals == (("Service", "ecs-tasks.amazonaws.com"),)
    assert found.trust[0].conditions == (("StringEquals", "aws:SourceAccount", "123456789012"),)


def test_policies_of_a_role_that_takes_no_others(blueprint) -> None:
    """aws_iam_role_policy_attachments_exclusive attaches them itself, and detaches the rest."""
    kind = "aws_iam_role_policy_attachments_exclusive"
    found = blueprint(
        {
            "aws_iam_role.task": ROLE,
            "aws_iam_policy.own": {"arn": "arn:own", "policy": policy(Action="a:A", Resource="r")},
            f"{kind}.task": {"role_name": "task", "policy_arns": ["arn:aws:x", "arn:own"]},
            f"{kind}.other": {"role_name": "other", "policy_arns": ["arn:aws:y"]},
        }
    )
    (role,) = found.roles
    assert role.managed_policies == ((f"{kind}.task", "arn:aws:x"),)
    assert [one.actions for one in role.statements] == [("a:A",)]


def test_policies_of_aws_are_unknown_however_their_arn_was_found(blueprint) -> None:
    """The definitions do not have its text, and the data source that finds it does not say what
    it allows.
    """
    arn = "arn:aws:iam::aws:policy/AWSXRayDaemonWriteAccess"
    found = blueprint(
        {
            "aws_iam_role.task": ROLE,
            "data.aws_iam_policy.known": {"arn": arn, "policy": None},
            "aws_iam_role_policy_attachment.this": {"role": "task", "policy_arn": arn},
        }
    )
    (role,) = found.roles
    assert role.managed_policies == (("aws_iam_role_policy_attachment.this", arn),)


def test_a_policy_is_written_in_the_nearest_document_of_its_text(blueprint) -> None:
    """Two tasks of one module have the same document."""
    same = policy(Action="s3:Get*", Resource="*")
    found = blueprint(
        {
            **{
                f"module.{task}.data.aws_iam_policy_document.logs": {"json": same}
                for task in ("api", "job", "web")
            },
            "module.job.module.role.aws_iam_role_policy.this": {"role": "task", "policy": same},
            "aws_iam_role_policy.own": {"role": "task", "policy": policy(Action="a:A")},
        }
    )
    assert found.written_policies == {
        "module.job.module.role.aws_iam_role_policy.this": (
            "module.job.data.aws_iam_policy_document.logs"
        )
    }


def test_a_roles_users_are_the_arguments_that_name_it(blueprint) -> None:
    found = blueprint(
        {
            "aws_iam_role.task": ROLE,
            "aws_flow_log.this": {"iam_role_arn": ROLE["arn"]},
            "aws_scheduler_schedule.this": {
                "arn": "arn:aws:scheduler:x:schedule/default/nightly",
                "name": "nightly",
                "target": [{"arn": "arn:aws:sqs:x:jobs", "role_arn": ROLE["arn"]}],
            },
            "aws_iam_user.this": {"tags": {"role": ROLE["arn"]}},
        }
    ).roles[0]
    assert found.users == (
        Use("aws_flow_log.this", "aws_flow_log", "iam_role_arn"),
        Use("aws_scheduler_schedule.this", "aws_scheduler_schedule", "target.role_arn"),
    )


def test_principals_may_be_everyone(blueprint) -> None:
    trust = policy(Action="sts:AssumeRole", Principal="*")
    found = blueprint({"aws_iam_role.task": {**ROLE, "assume_role_policy": trust}}).roles[0]
    assert found.trust[0].principals == (("*", "*"),)


@pytest.mark.parametrize(
    "document", ["{", '"text"', policy(Effect="Maybe"), policy(Action=1), policy(Principal=[1])]
)
def test_a_malformed_policy_is_reported(blueprint, document) -> None:
    with pytest.raises(BlueprintError) as caught:
        blueprint({"aws_iam_role.task": {**ROLE, "assume_role_policy": document}})
    assert caught.value.address == "aws_iam_role.task"
    assert caught.value.attribute.startswith("assume_role_policy")
