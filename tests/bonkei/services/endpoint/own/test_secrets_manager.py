"""Which secrets a list has."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from bonkei.base.aws_service import AwsCall, AwsServiceError, Caller
from bonkei.base.vault import MemoryVault
from bonkei.blueprint.rds import DatabaseCluster
from bonkei.blueprint.secretsmanager import Secret
from bonkei.services.endpoint.own import secrets_manager

NAMES = ("shop/db", "shop/key", "other")
SECRETS = tuple(Secret(f"a.{name}", f"arn:secret:{name}-AbCdEf", name) for name in NAMES)


def ask(**parameters: Any) -> tuple[list[str], str | None]:
    call = AwsCall("secretsmanager", "ListSecrets", parameters, Caller("", "", "1"), "r", 0.0)
    service = secrets_manager.service(lambda: SECRETS, MemoryVault({}))
    answer = asyncio.run(service.answer(call))
    return [one["Name"] for one in answer["SecretList"]], answer["NextToken"]


@pytest.mark.parametrize(
    ("values", "names"),
    [
        ((), list(NAMES)),
        ((["shop/"],), ["shop/db", "shop/key"]),
        ((["SHOP/"],), []),
        ((["!shop/"],), ["other"]),
        ((["shop/k", "oth"],), ["shop/key", "other"]),
        ((["shop/"], ["!shop/k"]), ["shop/db"]),
    ],
)
def test_by_name(values: tuple[list[str], ...], names: list[str]) -> None:
    assert ask(Filters=[{"Key": "name", "Values": each} for each in values]) == (names, None)


def test_another_filter_is_refused_by_name() -> None:
    with pytest.raises(AwsServiceError, match="not by tag-key") as caught:
        ask(Filters=[{"Key": "tag-key", "Values": ["a"]}])
    assert caught.value.code == "InvalidParameterException"


def test_pages() -> None:
    first, token = ask(MaxResults=2)
    assert (first, ask(MaxResults=2, NextToken=token)) == (
        ["shop/db", "shop/key"],
        (["other"], None),
    )
    with pytest.raises(AwsServiceError) as caught:
        ask(NextToken="x")
    assert caught.value.code == "InvalidNextTokenException"


def test_a_managed_password_of_rds_is_a_secret() -> None:
    arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:rds!cluster-1-2-AbCdEf"
    own = DatabaseCluster("b", "arn:own", "b", "postgres", "17", "b", "", 5432, "app", "root")
    managed = replace(own, address="a", master_secret_arn=arn, master_secret_kms_key_id="arn:key")
    assert [*secrets_manager.master_secrets([managed, own])] == [
        Secret("a", arn, "rds!cluster-1-2", "arn:key")
    ]
