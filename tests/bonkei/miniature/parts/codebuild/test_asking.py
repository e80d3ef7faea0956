"""A build's own tools ask the AWS endpoint with the build's role."""

from __future__ import annotations

import subprocess
import sys

import pytest
from ports import free_port

from bonkei.base.aws_service import AwsServiceError
from bonkei.miniature.parts.codebuild.asking import asking, stored
from tests.bonkei.miniature.parts.codebuild.account import STATE, Account


def test_a_call_is_signed_by_the_role_and_goes_past_proxies(environment: dict[str, str]) -> None:
    ask = asking(environment)
    answer = ask("ssm", "GetParameters", {"Names": ["/tag"]})
    assert answer["given"] == {"Names": ["/tag"]}
    head = {name.lower(): value for name, value in answer["head"].items()}
    assert head["x-amz-target"] == "AmazonSSM.GetParameters"
    assert head["x-amz-security-token"] == "token"
    day = head["x-amz-date"].partition("T")[0]
    assert f"Credential=ASIAROLE/{day}/eu-west-1/ssm/aws4_request" in head["authorization"]
    assert ask("ecs", "DescribeServices", {})["given"] == {}
    assert Account.fetched == 1, "the credentials are fetched once"


def test_a_refusal_has_the_services_code(environment: dict[str, str]) -> None:
    with pytest.raises(AwsServiceError, match="not yours") as refused:
        asking(environment)("ecs", "Refused", {})
    assert (refused.value.code, refused.value.status) == ("AccessDeniedException", 400)


@pytest.mark.parametrize("silent", ["AWS_ENDPOINT_URL", "AWS_CONTAINER_CREDENTIALS_FULL_URI"])
def test_nobody_answers(environment: dict[str, str], silent: str) -> None:
    environment[silent] = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(AwsServiceError) as unanswered:
        asking(environment)("ecs", "DescribeServices", {})
    assert unanswered.value.status == 503


def test_a_connection_without_an_answer_is_none(environment: dict[str, str]) -> None:
    with pytest.raises(AwsServiceError, match="no answer: RemoteDisconnected"):
        asking(environment)("ecs", "Silent", {})


def test_an_object_is_read_and_a_missing_one_is_nothing(environment: dict[str, str]) -> None:
    def content(key: str) -> bytes:
        return stored(environment, "eu-west-1", "states", key)

    assert content("shop/terraform.tfstate") == STATE
    assert content("none") == b""
    with pytest.raises(AwsServiceError, match="AccessDenied"):
        content("refused")


def test_a_plan_in_a_build_loads_no_client_for_many_calls_at_once() -> None:
    """It would take longer than the calls do, in each plan."""
    code = (
        "import sys, bonkei.miniature.parts.codebuild.asking\n"
        "print({'aiohttp', 'asyncio', 'botocore'} & {*sys.modules})"
    )
    command = [sys.executable, "-c", code]
    outcome = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (outcome.stdout, outcome.stderr) == ("set()\n", "")
