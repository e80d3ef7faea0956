"""A service that is made for its first call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bonkei.base.aws_service import AwsCall, AwsService, Caller, Later, Operations


async def test_a_service_is_made_once_and_not_before_it_is_asked() -> None:
    made: list[AwsService] = []

    async def hello(call: AwsCall) -> Mapping[str, Any]:
        return {"Hello": call.parameters["Name"]}

    def make() -> AwsService:
        made.append(Operations({"Hello": hello}))
        return made[-1]

    service = Later(make)
    assert not made
    assert service.operations == {"Hello"}
    call = AwsCall("x", "Hello", {"Name": "you"}, Caller("a", "b", "c"), "us-east-1", 0.0)
    assert await service.answer(call) == {"Hello": "you"}
    assert len(made) == 1
