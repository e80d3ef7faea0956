"""Ports that tests choose: no one else takes them until a program of the test listens there."""

from __future__ import annotations

import re
import socket
from pathlib import Path

import pytest
from ports import RANGE, free_port, share

from bonkei.miniature.loopback import FIRST_PORT
from bonkei.services.ecs.execution.ports import RANGE as TASKS

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("workers", [1, 2, 3, 7])
def test_workers_have_shares_of_their_own(workers: int) -> None:
    shares = [share(f"gw{number}", workers) for number in range(workers)]
    assert {len(each) for each in shares} == {len(RANGE) // workers}
    assert len({number for each in shares for number in each}) == sum(map(len, shares))
    assert {*RANGE} >= {number for each in shares for number in each}
    assert len(shares[0]) > 1000, "more than a worker's tests take"
    assert share(f"gw{workers}", workers), "a worker that takes the place of one that crashed"


def test_without_workers_all_are_there() -> None:
    assert share("", 1) == RANGE


def test_no_miniature_takes_one() -> None:
    assert max(RANGE) < min(FIRST_PORT, TASKS.start)


def test_the_benchmarks_take_theirs_from_here() -> None:
    """A port that the kernel has chosen may be an outgoing connection's before the program takes
    it."""
    asks = re.compile(r"\.bind\(\([^)]*, 0\)\)")
    benchmarks = list((ROOT / "bench").glob("*.py"))
    assert benchmarks
    assert [file.name for file in benchmarks if asks.search(file.read_text())] == []


def test_each_is_free_and_comes_once() -> None:
    found = [free_port() for _ in range(200)]
    assert len(set(found)) == len(found)
    with socket.create_server(("127.0.0.1", found[0])) as server:
        assert server.getsockname()[1] == found[0]


def test_one_that_another_program_has_is_left_out() -> None:
    taken, next_one = free_port(), free_port()
    with socket.create_server(("127.0.0.1", taken)):
        assert free_port(numbers=[taken, next_one]) == next_one
    with socket.create_server(("127.0.0.2", taken)):
        assert free_port(numbers=[taken]) == taken, "on another address"
