"""Addresses for each caller, and a machine without free addresses."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bonkei.blueprint import Blueprint, read
from bonkei.blueprint.ecs import Registry
from bonkei.miniature import addresses
from bonkei.miniature.addresses import Translator, store_addresses, store_hosts
from bonkei.miniature.loopback import AddressBook, Loopback
from bonkei.miniature.parts.network import network
from bonkei.miniature.parts.network.network import NetworkPart
from bonkei.miniature.rollout.rollout import unreachable
from bonkei.miniature.steps import Steps
from tests.bonkei.analysis.check.changes import remove
from tests.bonkei.analysis.check.stack.whole import sound, state

DATABASE = "db.cluster-x.eu-west-1.rds.amazonaws.com"


def blueprint(*taken: str) -> Blueprint:
    found = sound()
    remove(*taken)(found)
    return read(state(found))


@pytest.fixture
def loopback(tmp_path: Path) -> Iterator[Loopback]:
    made = Loopback(tmp_path / "addresses")
    yield made
    made.close()


def placed(enforce: Any, loopback: Loopback, found: Blueprint) -> tuple[NetworkPart, Translator]:
    translator = Translator()
    hosts = store_hosts(found, store_addresses(found, loopback))
    translator.book = AddressBook(hosts=hosts, services={"worker": "127.77.1.99"})
    rig = NetworkPart(enforce, {}, translator, loopback, lambda _: None)
    rig.place(found, translator.book)
    return rig, translator


def told(translator: Translator, caller: str) -> tuple[str, str]:
    own = translator.of(caller)
    urls = {"database": f"postgresql://{DATABASE}:5432/x", "worker": "http://worker:9000/"}
    found = own.translate_all(urls)
    return found["database"], found["worker"]


def test_each_caller_has_its_own_addresses(loopback: Loopback) -> None:
    _, translator = placed("on", loopback, blueprint())
    app, worker, nobody = (told(translator, name) for name in ("app", "worker", "nobody"))
    assert len({app[0], worker[0], nobody[0]}) == 3
    assert app[1] != nobody[1] == "http://127.77.1.99/" or ":9000/" in app[1]
    _, again = placed("on", loopback, blueprint())
    assert told(again, "app") == app


def test_a_name_in_cloud_map_is_replaced_alone_and_in_urls(loopback: Loopback) -> None:
    """Also for callers without Service Connect: any task of the network can ask for it."""
    found = blueprint()
    [worker] = [each for each in found.services if each.name == "worker"]
    named = replace(worker, service_connect=None, registries=(Registry("shop.internal", "worker"),))
    found = replace(found, services=(named, *(s for s in found.services if s is not worker)))
    _, translator = placed("on", loopback, found)

    def translate(value: str) -> str:
        return translator.of("app").translate_all({"X": value})["X"]

    here = translate("worker.shop.internal")
    assert here.startswith("127.77.")
    assert translate("http://worker.shop.internal:9000/") == f"http://{here}:9000/"
    assert translate("my.worker.shop.internal") == "my.worker.shop.internal"
    assert addresses.service_addresses(found, loopback).keys() == {"worker.shop.internal"}


def test_without_enforcement_all_callers_get_the_same_addresses(loopback: Loopback) -> None:
    _, translator = placed("off", loopback, blueprint())
    assert told(translator, "app") == told(translator, "worker")


def test_obstacles_are_looked_for_once_for_each_blueprint(
    loopback: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[Blueprint] = []
    monkeypatch.setattr(network, "obstacles", looked.append)
    found, other = blueprint(), blueprint()
    rig, translator = placed("on", loopback, found)
    for each in (found, other):
        rig.place(each, translator.book)
    assert [id(each) for each in looked] == [id(found), id(other)]


@pytest.mark.parametrize(("enforce", "starts"), [("on", False), ("report", True), ("off", True)])
def test_a_task_without_a_route_to_its_secrets(
    enforce: Any, starts: bool, loopback: Loopback
) -> None:
    found = blueprint("aws_vpc_endpoint.secrets")
    rig, _ = placed(enforce, loopback, found)
    [definition] = [each for each in found.task_definitions if each.family == "app"]
    why = rig.may_start(definition, "app")
    assert (why == "") is starts
    assert starts or why.startswith("ResourceInitializationError: unable to pull secrets")
    assert bool(rig.snapshot().obstacles) is (enforce != "off")


@pytest.mark.parametrize(("enforce", "closes"), [("on", True), ("report", False), ("off", False)])
def test_a_service_that_its_load_balancer_does_not_reach(
    enforce: Any, closes: bool, loopback: Loopback
) -> None:
    rig, _ = placed(enforce, loopback, blueprint())
    assert rig.closed_target_groups() == {}
    found = blueprint("aws_vpc_security_group_ingress_rule.app")
    rig, _ = placed(enforce, loopback, found)
    said = [
        (one.name, one.reason) for one in unreachable(rig.closed_target_groups(), found.services)
    ]
    why = "aws_security_group.app lets nothing in from aws_security_group.alb on port 8000"
    assert said == [("app", f"the load balancer does not reach its tasks: {why}")] * closes


async def test_variables_without_a_port_are_named_where_names_share_an_address(
    tmp_path: Path,
) -> None:
    """The way of a caller is a port there."""
    loopback, found, lines = Loopback(tmp_path / "one", is_one=True), blueprint(), list[str]()
    [cluster] = found.database_clusters
    [app] = [each for each in found.task_definitions if each.family == "app"]
    [container, *others] = app.containers
    alone, both = {"ALONE": DATABASE}, {"DB_HOST": DATABASE, "DB_PORT": str(cluster.port)}
    container = replace(container, environment=tuple(alone.items()))
    changed = replace(app, containers=(container, *others))
    found = replace(
        found, task_definitions=tuple(changed if o is app else o for o in found.task_definitions)
    )
    rig, translator = placed("on", loopback, found)
    translator.book = replace(translator.book, ports=loopback.ports)
    rig.place(found, translator.book)
    try:
        await rig.follow({cluster.arn: loopback.address("cluster db")}, Steps(lines.append))
        told = translator.of("app").translate_all(both)
        assert (told["DB_HOST"], told["DB_PORT"]) != ("127.0.0.1", str(cluster.port))
        with socket.create_connection((told["DB_HOST"], int(told["DB_PORT"]))):
            assert "127.0.0.1 alone" in lines[0]
        [line] = lines[1:]
        assert "what ALONE names cannot be reached" in line
        assert rig.snapshot().at_one_address == tuple(each.strip() for each in lines)
    finally:
        await rig.stop()
        loopback.close()
