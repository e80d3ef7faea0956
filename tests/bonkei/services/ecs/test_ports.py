"""The ports of tasks."""

from __future__ import annotations

import socket
import sys
from pathlib import Path

import pytest

from bonkei.services.ecs.execution.ports import Ports
from bonkei.services.ecs.execution.running_task import RunningTask
from bonkei.services.ecs.execution.task_ports import TaskPorts

from .conftest import definition, web_container
from .simulation import task_spec


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


def test_a_port_that_no_definition_has_is_offered_to_one_task_at_a_time(tmp_path: Path) -> None:
    """Two with SO_REUSEADDR can bind it, as most servers do; then only one of them can listen."""
    spec = task_spec(definition(web_container()))
    tasks = {name: RunningTask(spec, tmp_path, tmp_path) for name in ("a", "b")}
    ports = TaskPorts(tasks, Ports(seed=3))
    [first, _] = ports.to_listen("a web", 15_432)
    [instead] = ports.to_listen("b web", 15_432)
    assert (first, instead != first) == (15_432, True)
    ports.listens("b web", 15_432, instead)
    assert list(ports.to_listen("b web", 15_432)) == [instead]
    assert ports.to_connect("b web", 15_432) == instead
    del tasks["a"]
    tasks["c"] = RunningTask(spec, tmp_path, tmp_path)
    assert next(ports.to_listen("c web", 15_432)) == 15_432
