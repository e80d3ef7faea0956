"""The interface between the AWS endpoint and the rooms that answer services."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from bonkei.aws_service import AwsCall, AwsService, AwsServiceError, Caller, Operations


async def test_a_service_of_functions() -> None:
    async def put(call: AwsCall) -> Mapping[str, Any]:
        if not call.parameters:
            raise AwsServiceError("ResourceNotFoundException", "There is none.", 404)
        return {"got": call.parameters["name"]}

    service: AwsService = Operations({"Put": put})
    assert service.operations == {"Put"}
    call = AwsCall("logs", "Put", {"name": "a"}, Caller("", "", ""), "eu-west-1", 0.0)
    assert await service.answer(call) == {"got": "a"}
    with pytest.raises(AwsServiceError, match=r"^ResourceNotFoundException: There is none\.$"):
        await service.answer(AwsCall("logs", "Put", {}, Caller("", "", ""), "eu-west-1", 0.0))
