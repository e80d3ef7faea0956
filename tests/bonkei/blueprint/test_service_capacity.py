"""The number of tasks of a service under auto scaling, without load."""

from __future__ import annotations

import pytest

from bonkei.blueprint.ecs import AutoScaling, Service


@pytest.mark.parametrize(
    ("desired", "scaling", "capacity"),
    [
        (3, None, 3),
        (1, AutoScaling(2, 4), 2),
        (3, AutoScaling(2, 4), 3),
        (9, AutoScaling(2, 4), 4),
        (0, AutoScaling(0, 4), 0),
    ],
)
def test_capacity_stays_within_the_bounds(
    desired: int, scaling: AutoScaling | None, capacity: int
) -> None:
    service = Service("a", "arn", "web", "cluster", "definition", desired, scaling=scaling)
    assert service.capacity == capacity
