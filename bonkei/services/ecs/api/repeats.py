"""RunTask with the token of an earlier call: its tasks, and no others.

An SDK makes a token for each call, and sends it again when it has heard no answer. Source:
"Ensuring idempotency" in the Amazon ECS API Reference.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from bonkei.base.aws_service import AwsCall, AwsServiceError
from bonkei.services.ecs.api.changes import described, run_task
from bonkei.services.ecs.api.finding import find_cluster
from bonkei.services.ecs.api.values import Ecs

_MOST = 1_000
"""Tokens that are remembered."""


class Repeats:
    """Remembers the newest tokens, and which tasks they have started."""

    def __init__(self) -> None:
        self._ran: OrderedDict[str, tuple[Mapping[str, Any], tuple[str, ...]]] = OrderedDict()

    async def run_task(self, ecs: Ecs, call: AwsCall) -> Mapping[str, Any]:
        """Raises AwsServiceError."""
        token = str(call.parameters.get("clientToken") or "")
        if token not in self._ran:
            ids = run_task(ecs, call)
            if token:
                self._remember(token, call.parameters, ids)
            return described(ecs, call, ids)
        parameters, ids = self._ran[token]
        if parameters != call.parameters:
            cluster = find_cluster(ecs.describe(), call)
            prefix = cluster.replace(":cluster/", ":task/")
            raise AwsServiceError(
                "ConflictException",
                "The provided clientToken is already in use with a different RunTask request.",
                members={"resourceIds": [f"{prefix}/{each}" for each in ids]},
            )
        return described(ecs, call, ids)

    def _remember(self, token: str, parameters: Mapping[str, Any], ids: tuple[str, ...]) -> None:
        self._ran[token] = (dict(parameters), ids)
        while len(self._ran) > _MOST:
            self._ran.popitem(last=False)
