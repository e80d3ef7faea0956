"""CloudWatch Logs as the supervisor uses it, and the drivers that bring containers' lines there."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bonkei.base.aws_service import NOTHING_IS_ASKED, Asks, AwsService
from bonkei.blueprint import Blueprint
from bonkei.blueprint.ecs import Container, TaskDefinition
from bonkei.miniature.parts.logs.delivery import LogDelivery, Put
from bonkei.miniature.parts.logs.routers import LogRouters
from bonkei.miniature.steps import Steps
from bonkei.services.ecs import LogDriver, RouterCommand, RouterStart
from bonkei.services.logs.awslogs.options import parse_options
from bonkei.services.logs.delivery.requests.deliveries import PutObject
from bonkei.services.logs.delivery.requests.request import Row
from bonkei.services.logs.logs import Logs, LogsSnapshot, May, RoleWriter
from bonkei.services.logs.queries.queries import Queries
from bonkei.services.logs.store.log_store import LogStore

Writer = Callable[[str, str], RoleWriter]
"""A writer for a role in a region."""
Report = Callable[[str], None]
MakeLogs = Callable[[May, Report, PutObject], Logs]


class LogPart:
    """Call `follow` with each blueprint, before the first task starts."""

    name = "logs"

    def __init__(
        self,
        make: MakeLogs,
        report: Report,
        put_object: Put,
        routers: LogRouters,
        asks: Asks = NOTHING_IS_ASKED,
    ) -> None:
        """`put_object`: delivers access logs. `asks`: whether roles may write."""
        self._asks = asks
        self._blueprint = Blueprint()
        self._routers = routers
        delivery = LogDelivery(put_object, asks, lambda: self._blueprint)
        self._logs = make(self._denial, report, delivery)
        self._is_open = False

    @property
    def service(self) -> AwsService:
        """CloudWatch Logs for the endpoint."""
        return self._logs.service

    def follow(self, blueprint: Blueprint, steps: Steps) -> None:
        """Follow the declared log groups."""
        self._blueprint = blueprint
        if not self._is_open:
            self._routers.start()
            self._logs.start()
            self._is_open = True
        self._logs.apply(blueprint)
        for note in self._logs.snapshot().notes:
            steps.note(note)

    def buckets_are_there(self) -> None:
        """Call this after `follow`, when S3 has the declared buckets. Then the logs of AWS's
        services are delivered to them."""
        self._logs.buckets_are_there()

    async def log_driver(
        self, definition: TaskDefinition, container: Container, task_id: str
    ) -> LogDriver | None:
        """Raises LogDriverError if the container cannot have its requested driver."""
        configuration = container.log_configuration
        if configuration is None or configuration.driver != "awslogs":
            return self._routers.driver(definition, container, task_id)
        options = parse_options(dict(configuration.options))
        role = definition.execution_role_arn
        return self._logs.awslogs(options, container.name, task_id, role)

    def log_router(self, start: RouterStart) -> RouterCommand:
        """RouterError when its configuration cannot be run."""
        names = [cluster.name for cluster in self._blueprint.clusters]
        return self._routers.command(start, names[0] if len(names) == 1 else "default")

    def seen(self, rows: Sequence[Row]) -> None:
        """Finished requests."""
        self._logs.requests.seen_together(rows)

    @property
    def store(self) -> LogStore:
        """The log groups, for who shows them."""
        return self._logs.store

    @property
    def queries(self) -> Queries:
        """Runs queries of Logs Insights."""
        return self._logs.queries

    async def stop_requests(self) -> None:
        """Call this when no more requests come, while the buckets still exist."""
        await self._logs.stop_requests()

    def writer(self, role_arn: str, region: str) -> RoleWriter:
        """A writer for parts that write with their own role."""
        return self._logs.writer(role_arn, region)

    async def stop(self) -> None:
        """The last part to stop."""
        self._routers.close()
        await self._logs.stop()

    def snapshot(self) -> LogsSnapshot:
        return self._logs.snapshot()

    def _denial(self, role_arn: str, action: str, resource: str) -> str:
        if not role_arn:
            return f"the task has no execution role, which {action} needs"
        return self._asks.role(role_arn, "logs", action, resource)
