"""Connections: how the limit of open files is shared, and which connections are closed."""

from __future__ import annotations

import asyncio
import errno
import gc
import resource
from dataclasses import replace

import pytest

from bonkei.services.edge.capacity import SPARE, Capacity, Seldom, is_exhausted, share_out
from tests.bonkei.services.edge.definitions import balancer_only, target_group
from tests.bonkei.services.edge.support import serving


class Visitor:
    def __init__(self, *, idle: bool) -> None:
        self.idle = idle
        self.left = False

    def leave(self) -> None:
        self.left = True


@pytest.mark.parametrize("open_files", [64, 256, 512, 1024, 4096, 65535])
def test_all_shares_together_are_below_the_limit(open_files: int) -> None:
    shares = share_out(open_files)
    spared = open_files - 2 * (shares.public + shares.internal)
    assert spared >= min(SPARE, open_files // 2)
    assert shares.public > shares.internal > 0
    assert shares.kept >= 1


def test_the_oldest_idle_connection_is_closed() -> None:
    reports: list[str] = []
    capacity = Capacity(3, "so it is", reports.append)
    busy, old, young, last = (Visitor(idle=each) for each in (False, True, True, True))
    assert all(capacity.admit(each) for each in (busy, old, young))
    assert reports == []
    assert capacity.admit(last)
    assert [each.left for each in (busy, old, young, last)] == [False, True, False, False]
    assert (len(capacity), capacity.refused, capacity.displaced, len(reports)) == (3, 0, 1, 1)
    assert "so it is" in reports[0]


def test_without_an_idle_connection_a_new_one_is_refused_cheaply() -> None:
    capacity = Capacity(1000, "", lambda _: None)
    guests = [Visitor(idle=False) for _ in range(1000)]
    assert all(map(capacity.admit, guests))
    assert not capacity.admit(Visitor(idle=True))
    assert (len(capacity), capacity.refused) == (1000, 1)
    guests[500].idle = True  # sooner or later it is noticed
    assert sum(capacity.admit(Visitor(idle=False)) for _ in range(100)) == 1
    assert guests[500].left
    for each in guests:
        capacity.give_back(each)
        capacity.give_back(each)
    assert len(capacity) == 1


def test_the_same_problem_is_reported_once_a_minute() -> None:
    reports: list[str] = []
    times = iter((0.0, 1.0, 59.0, 60.0, 61.0))
    report = Seldom(reports.append, lambda: next(times))
    for text in "abcde":
        report(text)
    assert reports == ["a", "d"]


def test_errors_of_a_missing_descriptor() -> None:
    assert is_exhausted(OSError(errno.EMFILE, ""))
    assert is_exhausted(OSError(errno.ENFILE, ""))
    assert not is_exhausted(ConnectionRefusedError(errno.ECONNREFUSED, ""))


async def test_a_missing_descriptor_for_a_target_is_reported_as_such() -> None:
    reports: list[str] = []
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    group = target_group("web")
    # The descriptors of a health check would become free in the meantime.
    group = replace(group, health_check=replace(group.health_check, interval=600.0))
    blueprint = balancer_only(target_groups=(group,))
    async with serving(blueprint, report=reports.append) as (edge, target):
        async with edge.client() as client:
            await edge.until(lambda: edge.listener().connections == 1 and not target.connected)
            gc.collect()  # nothing of another test closes a lower one later
            with open("/dev/null") as lowest_free:  # noqa: PTH123
                low = lowest_free.fileno()
            resource.setrlimit(resource.RLIMIT_NOFILE, (low, hard))
            try:
                answer = await client.request()
            finally:
                resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
            assert answer.status == 502
            assert (await client.request()).status == 200
        await asyncio.sleep(0)
        assert edge.edge.snapshot().capacities[0].exhausted >= 1
    assert any("no file is left" in text and "ulimit -n" in text for text in reports)
