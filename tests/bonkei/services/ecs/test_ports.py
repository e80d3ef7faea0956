"""The ports of tasks."""

from __future__ import annotations

import socket
import sys

import pytest

from bonkei.services.ecs.execution.ports import Ports


@pytest.mark.skipif(
    sys.platform != "linux", reason="only Linux has socket names that are not files"
)
def test_two_miniatures_do_not_give_one_port_to_two_tasks() -> None:
    """They choose alike, before either task listens."""
    one, other, third = Ports(seed=1), Ports(seed=1), Ports(seed=1)
    first, second = one.take(), other.take()
    assert first != second
    one.give_back(first)
    assert third.take() == first
    third.give_back(first)
    other.give_back(second)


def test_a_port_where_a_program_listens_is_not_given() -> None:
    ports, same = Ports(seed=2), Ports(seed=2)
    first = ports.take()
    ports.give_back(first)
    with socket.create_server((first.host, first.port)):
        second = same.take()
    same.give_back(second)
    assert second != first
