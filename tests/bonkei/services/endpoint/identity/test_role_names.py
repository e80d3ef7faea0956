"""Which role a name means."""

from __future__ import annotations

import pytest

from bonkei.services.endpoint.errors import CloudError
from bonkei.services.endpoint.identity.role_names import role_meant

BACKEND = "arn:aws:iam::1:role/shop-backend-task"
MIGRATE = "arn:aws:iam::1:role/shop-migrate-task"
TASK = "arn:aws:iam::1:role/team/task"
SHOP = ("", BACKEND, MIGRATE, BACKEND)  # a call without a role, and the same role twice


@pytest.mark.parametrize(
    ("name", "arns", "meant"),
    [
        (BACKEND, SHOP, BACKEND),
        ("shop-backend-task", SHOP, BACKEND),
        ("backend-task", SHOP, BACKEND),
        ("task", (*SHOP, TASK), TASK),  # a whole name comes before the end of another
    ],
)
def test_a_role_is_meant_by_its_arn_its_name_or_the_end_of_it(
    name: str, arns: tuple[str, ...], meant: str
) -> None:
    assert role_meant(name, arns) == meant


@pytest.mark.parametrize(
    ("name", "arns", "message", "remedy"),
    [
        ("task", SHOP, "`task` may be one of shop-backend-task, shop-migrate-task", "write more"),
        ("ackend-task", SHOP, "no role ackend-task", "there are: shop-backend-task, shop-migrate-"),
        ("task", ("",), "no role task", "apply it first"),
    ],
)
def test_a_name_of_no_role_or_of_several_is_refused(
    name: str, arns: tuple[str, ...], message: str, remedy: str
) -> None:
    with pytest.raises(CloudError) as refused:
        role_meant(name, arns)
    assert message in refused.value.message
    assert refused.value.remedy.startswith(remedy)
