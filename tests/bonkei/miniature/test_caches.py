"""Caches in the network: their addresses, and the ways that security groups close."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from bonkei import blueprint, config
from bonkei.analysis.network.obstacles import obstacles
from bonkei.blueprint import Blueprint
from bonkei.miniature.addresses import store_hosts
from bonkei.miniature.applied import workspace
from bonkei.miniature.loopback import AddressBook

STACK = Path(__file__).parents[2] / "stacks" / "cache"
OPEN = '{ web = "balancer", cache = "web" }'


def applied(folder: Path, rules: str) -> Blueprint:
    shutil.copytree(STACK, folder)
    main = folder / "main.tf"
    text = main.read_text()
    assert OPEN in text
    main.write_text(text.replace(OPEN, rules))
    made = workspace(config.load(folder / "bonkei.toml", {}), folder / ".bonkei")
    made.apply()
    return blueprint.read(made.state())


@pytest.mark.usefixtures("forked_providers")
@pytest.mark.parametrize(
    ("rules", "closed"), [(OPEN, []), (OPEN.replace('"web"', '"balancer"'), ["sessions"])]
)
def test_a_cache_is_reached_as_its_security_groups_say(
    tmp_path: Path, rules: str, closed: list[str]
) -> None:
    read = applied(tmp_path / "stack", rules)
    found = [one for one in obstacles(read) if one.source == "web"]
    assert [one.target for one in found] == closed
    assert all("aws_security_group" in one.why for one in found)

    [cache] = read.caches
    assert (cache.identifier, cache.engine, cache.port) == ("sessions", "valkey", 6379)
    assert len(cache.auth_token) == 32
    book = AddressBook(
        hosts=store_hosts(read, {cache.arn: "127.77.1.1"}), without_tls=frozenset(cache.endpoints)
    )
    primary, reader = cache.endpoints
    assert book.translate(f"rediss://:a@{primary}:6379/0") == "redis://:a@127.77.1.1:6379/0"
    assert book.translate(f"rediss://{reader},b") == "redis://127.77.1.1,b"
    assert book.translate("rediss://elsewhere.example:6379") == "rediss://elsewhere.example:6379"
