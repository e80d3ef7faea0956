"""program/functions/probation as the lifecycle hook of a deployment, on a small stack."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from foreground import running
from miniatures import ANSWER, ROOT, Project, eventually, removed

_FUNCTION = """
data "archive_file" "probation" {
  type        = "zip"
  source_dir  = "${path.module}/probation"
  output_path = "${path.module}/probation.zip"
}

resource "aws_lambda_function" "probation" {
  function_name    = "probation"
  role             = aws_iam_role.hook.arn
  runtime          = "python3.13"
  handler          = "probation.handler"
  filename         = data.archive_file.probation.output_path
  source_code_hash = data.archive_file.probation.output_base64sha256
}

resource "aws_iam_role_policy" "look" {
  role   = aws_iam_role.hook.id
  policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = ["ecs:DescribeServices", "ecs:DescribeTasks", "ecs:ListTasks"], Resource = "*" }] })
}
"""  # noqa: E501 - as in the other files of the stack
_DIES = "import os, threading\nthreading.Timer(20.0, os._exit, (3,)).start()\n"


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    folder = tmp_path / "stack"
    shutil.copytree(ROOT / "tests/stacks/blue-green", folder)
    shutil.copytree(ROOT / "program/functions/probation", folder / "probation")
    (folder / "probation.tf").write_text(_FUNCTION)
    for file, old, new in (
        ("service.tf", "aws_lambda_function.hook.arn", "aws_lambda_function.probation.arn"),
        (
            "service.tf",
            '["POST_SCALE_UP"]',
            '["POST_SCALE_UP"]\nhook_details = "{\\"seconds\\": 25}"',
        ),
        ("hook.tf", "aws_lambda_function.hook.arn", "aws_lambda_function.probation.arn"),
    ):
        text = (folder / file).read_text()
        assert old in text
        (folder / file).write_text(text.replace(old, new))
    made = Project(folder, tmp_path / "home")
    with removed(made), running(made):
        yield made


def test_a_program_that_dies_meets_no_visitor_and_a_good_one_does(project: Project) -> None:
    """The health checks of both are good."""
    ecs, named = project.client("ecs"), {"cluster": "main", "service": "web"}

    def visit() -> str:
        answer = httpx.get(f"{project.load_balancer}/", timeout=ANSWER)
        assert answer.status_code == 200, answer.text
        return answer.text

    def outcome() -> tuple[str, str]:
        """Of a new deployment, while visitors come."""
        ecs.update_service(**named, forceNewDeployment=True)
        of_new = {**named, "status": ["IN_PROGRESS"]}
        [begun] = eventually(
            lambda: ecs.list_service_deployments(**of_new)["serviceDeployments"], "it has begun"
        )
        arns = [begun["serviceDeploymentArn"]]

        def ended() -> Mapping[str, Any] | None:
            visited.add(visit())
            [found] = ecs.describe_service_deployments(serviceDeploymentArns=arns)[
                "serviceDeployments"
            ]
            return None if found["status"] == "IN_PROGRESS" else dict(found)

        found = eventually(ended, "the deployment is over")
        return found["status"], found.get("statusReason", "")

    visited = {old := visit()}
    program = project.folder / "web/main.py"
    good = program.read_text()
    program.write_text(_DIES + good)
    status, reason = outcome()
    assert (status, visited) == ("ROLLBACK_SUCCESSFUL", {old})
    assert "probation answered FAILED" in reason
    program.write_text(good)
    assert outcome()[0] == "SUCCESSFUL"
    assert len(visited) == 2
