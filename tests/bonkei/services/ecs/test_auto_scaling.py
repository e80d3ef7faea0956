"""Services under load: measurements, the scheduler's actions, and a count that survives."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from bonkei.base.events import DesiredCountChanged
from bonkei.blueprint.ecs import AutoScaling, TargetTracking
from bonkei.services.ecs import Tasks, TaskSettings
from bonkei.services.ecs.execution.usage import Usage
from bonkei.services.ecs.reporting import describe
from bonkei.services.ecs.scaling.auto_scaling import CPU, MEMORY, AutoScaler, utilization
from bonkei.services.ecs.scheduling.circuit_breaker import CircuitBreaker

from .conftest import blueprint, definition, web_container
from .simulation import SERVICE, Simulation, service_spec, task_spec

POLICY = TargetTracking(CPU, 60, scale_in_cooldown=300, scale_out_cooldown=60)
BOUNDS = AutoScaling(2, 6, (POLICY,))


def spec(revision: int = 1, desired: int = 2, scaling: AutoScaling | None = BOUNDS, **changes):
    task = task_spec(definition(web_container(), revision=revision))
    counts = {"defined_count": desired, "scaling": scaling}
    return service_spec(task, desired, **{**counts, **changes})


class Loaded:
    """A simulation whose services are measured once a minute."""

    def __init__(self) -> None:
        self.simulation = simulation = Simulation()
        scheduler = simulation.scheduler

        def scale(arn: str, desired: int, cause: str) -> None:
            simulation.carry_out(scheduler.scale(arn, desired, cause, simulation.now))

        self.scaler = AutoScaler(lambda: scheduler.services, lambda _: {}, scale, 60)

    def minutes(self, count: int, **values: float) -> None:
        metrics = {"cpu": CPU, "memory": MEMORY}
        for _ in range(count):
            self.simulation.run(60)
            points = {metrics[name]: value for name, value in values.items()}
            self.scaler.follow({SERVICE: points}, self.simulation.now)

    @property
    def running(self) -> int:
        self.simulation.run(30)
        return len(self.simulation.running())


def test_the_metrics_are_shares_of_the_running_tasks_reservation():
    simulation = Simulation()
    simulation.want(spec(desired=3))
    simulation.run(10)
    [service] = simulation.scheduler.services.values()
    first, second, _unmeasured = simulation.running()
    usage = {first: Usage(12.5, 128 * 2**20), second: Usage(90.0, 256 * 2**20)}
    # 256 CPU units and 512 MiB each. Fargate would not give the second task 90 % of a vCPU.
    assert utilization(service, usage) == pytest.approx({CPU: 75.0, MEMORY: 37.5})
    assert utilization(service, {}) == {}


def test_load_scales_out_within_the_bounds_and_its_end_scales_in():
    loaded = Loaded()
    loaded.simulation.want(spec())
    loaded.minutes(2, cpu=90)
    assert loaded.running == 2
    loaded.minutes(1, cpu=90)
    assert loaded.running == 3
    loaded.minutes(10, cpu=100)
    assert loaded.running == 6
    loaded.minutes(14, cpu=20)
    assert loaded.running == 6
    loaded.minutes(1, cpu=20)
    assert loaded.running == 2
    counts = [e.desired_count for e in loaded.simulation.published(DesiredCountChanged)]
    assert counts == [3, 5, 6, 2]
    assert loaded.simulation.rollouts() == ["IN_PROGRESS", "COMPLETED"]


def test_a_service_without_a_scalable_target_is_left_alone():
    loaded = Loaded()
    loaded.simulation.want(spec(scaling=None))
    loaded.minutes(20, cpu=100)
    assert loaded.running == 2


def test_minutes_without_data_scale_nothing():
    loaded = Loaded()
    loaded.simulation.want(spec(desired=4))
    loaded.minutes(14, cpu=10)
    loaded.minutes(1)
    loaded.minutes(14, cpu=10)
    assert loaded.running == 4


def scaled_out() -> Loaded:
    loaded = Loaded()
    loaded.simulation.want(spec())
    loaded.minutes(3, cpu=100)
    assert loaded.running == 4
    return loaded


def test_the_count_survives_definitions_with_the_same_count():
    loaded = scaled_out()
    loaded.simulation.want(spec())
    assert loaded.running == 4
    loaded.simulation.want(spec(revision=2))
    assert loaded.running == 4
    assert loaded.simulation.scheduler.is_steady
    loaded.simulation.want(spec(revision=2, desired=3))
    assert loaded.running == 3


def test_new_bounds_change_the_count_at_once():
    loaded = scaled_out()
    loaded.simulation.want(spec(scaling=AutoScaling(5, 6, (POLICY,))))
    assert loaded.running == 5
    loaded.simulation.want(spec(scaling=AutoScaling(1, 3, (POLICY,))))
    assert loaded.running == 3
    loaded.simulation.want(spec(scaling=None))
    assert loaded.running == 2


def test_a_deployment_in_progress_is_not_scaled_in():
    loaded = scaled_out()
    loaded.minutes(14, cpu=10)
    loaded.simulation.healthy_after = None
    loaded.simulation.fails_to_prepare = "no"
    loaded.simulation.want(spec(revision=2))
    loaded.minutes(20, cpu=10)
    [service] = loaded.simulation.scheduler.services.values()
    assert service.limits.desired == 4
    loaded.simulation.fails_to_prepare = ""
    loaded.minutes(3, cpu=10)
    assert loaded.running == 2


def test_the_circuit_breaker_uses_the_current_count():
    loaded = scaled_out()
    simulation = loaded.simulation
    simulation.carry_out(simulation.scheduler.scale(SERVICE, 10, "", simulation.now))
    assert loaded.running == 10  # so the threshold is 5; with 2 tasks it is 3
    loaded.simulation.fails_to_prepare = "no"
    breaker = CircuitBreaker(enabled=True, rollback=True)
    bounds = replace(BOUNDS, max_capacity=10)
    loaded.simulation.want(
        spec(revision=2, circuit_breaker=breaker, scaling=bounds, defined_count=2)
    )
    loaded.simulation.run(60)
    [failed] = [d for d in _shown(loaded).deployments if d.rollout_state == "FAILED"]
    assert failed.failed_tasks >= 5
    assert loaded.running == 10


def _shown(loaded: Loaded):
    [service] = describe(loaded.simulation.scheduler, (), {}).services
    return service


def test_the_snapshot_has_the_count_and_its_cause():
    loaded = scaled_out()
    assert _shown(loaded).desired_count == 4
    [note] = describe(loaded.simulation.scheduler, (), {}).notes
    assert note.text == (
        "auto scaling has set its desired count to 4, without load it is 2: "
        "ECSServiceAverageCPUUtilization is 100.0, its target 60"
    )


async def test_busy_tasks_get_more_tasks(bus, edge, vault, logs, program, tmp_path):
    web = program("web").write(
        "import time\nwhile True:\n    sum(range(300_000))\n    time.sleep(0.05)"
    )
    settings = TaskSettings(tmp_path / "home", {"web": web.directory}, metric_period=1.2)
    tasks = Tasks(bus, vault, settings, logs=logs)
    bounds = AutoScaling(1, 2, (TargetTracking(CPU, 20),))
    # Small enough that a process which is busy for 0.4 % of the time is above its target.
    small = replace(definition(web_container(stop_timeout=0.1)), cpu=16)
    try:
        await tasks.reconcile(blueprint(small, scaling=bounds))
        async with asyncio.timeout(60):
            while tasks.snapshot().services[0].running_count < 2:
                await asyncio.sleep(0.1)
        [changed] = edge.of(DesiredCountChanged)
        assert changed.desired_count == 2
        assert CPU in changed.cause
    finally:
        await tasks.stop()
