"""Faults add up to what has to be so."""

from __future__ import annotations

import pytest

from bonkei.services.faults import Ask, Fault
from bonkei.services.faults.effects import NOTHING, effects, touched
from bonkei.services.faults.values import (
    CallRule,
    DatabaseThing,
    Effects,
    Estate,
    TaskThing,
    Trouble,
)
from bonkei.services.faults.zones import choose_zone, why_no_capacity
from tests.bonkei.services.faults.estates import API, WEB, estate
from tests.bonkei.services.faults.test_rules import begun


def of(*asks: Ask, on: Estate | None = None) -> Effects:
    active: list[Fault] = []
    for ask in asks:
        active.append(begun(ask, *active, on=on))
    return effects(active, on or estate())


def test_nothing_without_faults() -> None:
    assert effects((), estate()) == NOTHING


def test_a_slow_service_is_slow_wherever_it_is_reached() -> None:
    found = of(Ask("slow", "web", latency=0.2))
    assert found.tasks == {"aaaa0001": Trouble(0.2), "aaaa0002": Trouble(0.2)}
    assert found.groups == {}


def test_a_target_group_is_slow_from_the_load_balancer_only() -> None:
    found = of(Ask("slow", "target-group:api", latency=0.2))
    assert found.groups == {(API, "bbbb0001"): Trouble(0.2)}
    assert found.tasks == {}


def test_who_comes_later_is_slow_too_but_not_frozen() -> None:
    slow, freeze = begun(Ask("slow", "web")), begun(Ask("freeze", "web"))
    later = estate(TaskThing("new", "app-web", (WEB,)), TaskThing("aaaa0001", "app-web", (WEB,)))
    found = effects((slow, freeze), later)
    assert set(found.tasks) == {"new", "aaaa0001"}
    assert found.frozen_tasks == {"aaaa0001"}


def test_of_two_latencies_the_longer_one_counts_and_a_refusal_wins() -> None:
    found = of(
        Ask("slow", "web", latency=0.2, jitter=0.1),
        Ask("slow", "aaaa0001", latency=0.5),
        Ask("refuse", "aaaa0002"),
    )
    assert found.tasks["aaaa0001"] == Trouble(0.5, 0.1)
    assert found.tasks["aaaa0002"].refused


def test_a_kill_hits_those_that_come_only_while_it_lasts() -> None:
    later = estate(TaskThing("new", "app-web", (WEB,)))
    moment, lasting = begun(Ask("kill", "web")), begun(Ask("kill", "web", 10.0))
    assert effects((moment,), later).kill_tasks == frozenset()
    assert effects((lasting,), later).kill_tasks == {("f1", "new")}


def test_calls_to_aws() -> None:
    found = of(
        Ask("refuse", "aws:s3:GetObject", percent=30, refusal="throttle"),
        Ask("freeze", "aws:sqs"),
        Ask("slow", "aws:logs", latency=2.0),
    )
    assert found.calls == (
        CallRule("s3", "GetObject", 30, "throttle"),
        CallRule("sqs", silent=True),
        CallRule("logs", latency=2.0),
    )


def test_a_zone_without_power_takes_its_tasks_and_its_only_database() -> None:
    found = of(Ask("kill", "eu-west-1a"))
    assert {task for _, task in found.kill_tasks} == {"aaaa0001", "bbbb0001"}
    assert found.kill_databases == {("f1", "app-db")}
    assert found.databases == {"app-db": Trouble(refused=True)}
    assert found.shut == found.cut == {"eu-west-1a"}


def test_a_reader_in_another_zone_takes_over() -> None:
    """ "If the primary instance fails, Aurora automatically fails over to an existing replica":
    "High availability for Amazon Aurora"."""
    two = estate(database=DatabaseThing("app-db", ("eu-west-1a", "eu-west-1c")))
    for kind in ("kill", "refuse", "freeze"):
        found = of(Ask(kind, "eu-west-1a"), on=two)  # type: ignore[arg-type]
        assert found.kill_databases == {("f1", "app-db")}
        assert found.databases == {}
        assert found.frozen_databases == frozenset()
    assert of(Ask("slow", "eu-west-1a"), on=two).databases == {"app-db": Trouble(0.5)}


def test_a_zone_of_readers_does_not_touch_the_writer() -> None:
    two = estate(database=DatabaseThing("app-db", ("eu-west-1a", "eu-west-1c")))
    found = of(Ask("kill", "eu-west-1c"), on=two)
    assert found.kill_databases == frozenset()
    assert {task for _, task in found.kill_tasks} == {"aaaa0002"}


def test_a_server_elsewhere_is_only_kept_away_when_its_zone_goes() -> None:
    elsewhere = estate(database=DatabaseThing("app-db", ("eu-west-1a",), runs_here=False))
    found = of(Ask("kill", "eu-west-1a"), on=elsewhere)
    assert found.kill_databases == frozenset()
    assert found.databases["app-db"].refused


def test_each_task_is_filled() -> None:
    found = of(Ask("fill", "web", size=0.5), Ask("fill", "database"))
    assert [(one.name, one.what, one.size) for one in found.fillings] == [
        ("aaaa0001", "memory", 0.5),
        ("aaaa0002", "memory", 0.5),
        ("app-db", "connections", 0.9),
    ]


@pytest.mark.parametrize(
    ("ask", "hit"),
    [
        (Ask("kill", "eu-west-1a"), ("app-api bbbb0001", "app-web aaaa0001", "database app-db")),
        (Ask("slow", "target-group:api"), ("app-api bbbb0001",)),
        (Ask("slow", "aws:s3"), ("calls of s3",)),
        (Ask("fill", "database"), ("database app-db",)),
    ],
)
def test_what_it_touches_in_words(ask: Ask, hit: tuple[str, ...]) -> None:
    assert touched(begun(ask), estate()) == hit


def test_tasks_are_spread_over_the_zones_that_have_power() -> None:
    zones = ("a", "b", "c")
    assert choose_zone(zones, {}) == "a"
    assert choose_zone(zones, {"a": 1}) == "b"
    assert choose_zone(zones, {"a": 1, "b": 1, "c": 1}, {"a"}) == "b"
    assert choose_zone(("a",), {}, {"a"}) == "a"
    assert choose_zone((), {}) == ""


def test_a_service_with_a_zone_left_has_room() -> None:
    assert why_no_capacity(("a", "b"), {"a"}) == ""
    assert why_no_capacity((), {"a"}) == ""
    assert why_no_capacity(("a",), {"a"}).startswith("Capacity is unavailable at this time.")
