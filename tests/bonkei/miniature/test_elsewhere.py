"""A server of the user's own in place of a resource that is not simulated."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bonkei.blueprint import Blueprint
from bonkei.blueprint.state import Resource
from bonkei.miniature.addresses import Addresses
from bonkei.miniature.home import MiniatureError
from bonkei.services.edge import EdgeSnapshot

HOST = "shop.abc.eu-west-1.rds.amazonaws.com"
DATABASE = Resource(
    "aws_db_instance.this",
    {"address": HOST, "endpoint": f"{HOST}:3306", "ca": "rds-ca.example", "port": 3306},
    type="aws_db_instance",
)


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Addresses]:
    endpoints = {"aws_db_instance.this": ("10.9.8.7", 3307)}
    addresses = Addresses(tmp_path / "addresses", endpoints, lambda: [DATABASE])
    yield addresses
    addresses.loopback.close()


@pytest.mark.parametrize(
    ("value", "here"),
    [
        (HOST, "10.9.8.7"),
        (f"{HOST}:3306", "10.9.8.7:3307"),
        (f"mysql://u:p@{HOST}:3306/shop?x={HOST}", "mysql://u:p@10.9.8.7:3307/shop?x=10.9.8.7"),
        (f"jdbc:mysql://{HOST}/shop", "jdbc:mysql://10.9.8.7/shop"),
        (f"old-{HOST}", f"old-{HOST}"),
        ("rds-ca.example", "rds-ca.example"),
    ],
)
def test_its_names_lead_there(made: Addresses, value: str, here: str) -> None:
    made.follow(Blueprint(), EdgeSnapshot(), {})
    for translator in (made.translator, made.translator.of("web")):
        assert translator.translate_all({"X": value}) == {"X": here}


def test_a_resource_that_is_not_there_is_named(tmp_path: Path) -> None:
    addresses = Addresses(tmp_path / "addresses", {"aws_mq_broker.x": ("h", 1)}, lambda: [DATABASE])
    with pytest.raises(MiniatureError, match=r"\[endpoints\] aws_mq_broker.x is not in"):
        addresses.follow(Blueprint(), EdgeSnapshot(), {})
    addresses.loopback.close()
