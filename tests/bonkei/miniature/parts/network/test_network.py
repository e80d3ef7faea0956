"""Addresses for each caller, and a machine without free addresses."""

from __future__ import annotations

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
    rig = NetworkPart(enforce, {}, translator, lambda _: None)
    rig.place(found, loopback, translator.book)
    return rig, translator


def told(translator: Translator, caller: str) -> tuple[str, str]:
    own = translator.of(caller)
    return own.translate(f"postgresql://{DATABASE}:5432/x"), own.translate("http://worker:9000/")


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
    translate = translator.of("app").translate
    here = translate("worker.shop.internal")
    assert here.startswith("127.77.")
    assert translate("http://worker.shop.internal:9000/") == f"http://{here}:9000/"
    assert translate("my.worker.shop.internal") == "my.worker.shop.internal"
    assert addresses.service_addresses(found, loopback).keys() == {"worker.shop.internal"}


def test_without_enforcement_all_callers_get_the_same_addresses(loopback: Loopback) -> None:
    _, translator = placed("off", loopback, blueprint())
    assert told(translator, "app") == told(translator, "worker")


def test_missing_abilities_of_the_machine_are_reported(
    loopback: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(addresses, "can_bind", lambda _: False)
    rig, translator = placed("on", loopback, blueprint())
    assert told(translator, "app") == told(translator, "nobody")
    assert rig._addresses.missing


def test_obstacles_are_looked_for_once_for_each_blueprint(
    loopback: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[Blueprint] = []
    monkeypatch.setattr(network, "obstacles", looked.append)
    found, other = blueprint(), blueprint()
    rig, translator = placed("on", loopback, found)
    for each in (found, other):
        rig.place(each, loopback, translator.book)
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
