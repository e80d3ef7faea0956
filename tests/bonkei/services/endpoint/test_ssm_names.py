"""The names of parameters, as Systems Manager takes them."""

from __future__ import annotations

import pytest

from tests.bonkei.services.endpoint.rigs import Rig


@pytest.mark.parametrize("name", ["/both-names", "both-names"])
def test_a_parameter_without_a_path_has_two_names(rig: Rig, name: str) -> None:
    ssm, bare = rig.client("ssm"), name.lstrip("/")
    for asked in (bare, f"/{bare}"):
        ssm.put_parameter(Name=name, Value="value", Type="String")
        arn = ssm.get_parameter(Name=name)["Parameter"]["ARN"]
        found = ssm.get_parameter(Name=asked)["Parameter"]
        assert (found["ARN"], found["Name"]) == (arn, asked)
        assert len(ssm.get_parameters(Names=[asked])["Parameters"]) == 1
        ssm.delete_parameter(Name=asked)
        assert ssm.get_parameters(Names=[name])["Parameters"] == []


@pytest.mark.parametrize("name", ["/a//b", "a/b/c"])
def test_a_path_that_is_not_one_is_invalid(rig: Rig, name: str) -> None:
    ssm = rig.client("ssm")
    with pytest.raises(ssm.exceptions.ClientError, match="sub-paths divided by slash") as caught:
        ssm.get_parameter(Name=name)
    assert caught.value.response["Error"]["Code"] == "ValidationException"


def test_a_parameter_that_is_not_there_has_no_words(rig: Rig) -> None:
    ssm = rig.client("ssm")
    with pytest.raises(ssm.exceptions.ParameterNotFound) as caught:
        ssm.get_parameter(Name="none")
    assert caught.value.response["Error"]["Message"] == ""


def test_a_secret_that_is_not_there_is_named(rig: Rig) -> None:
    ssm, name = rig.client("ssm"), "/aws/reference/secretsmanager/none"
    with pytest.raises(ssm.exceptions.ParameterNotFound, match=f"Secret {name} not found"):
        ssm.get_parameter(Name=name, WithDecryption=True)
