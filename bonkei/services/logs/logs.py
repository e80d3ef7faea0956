"""CloudWatch Logs with everything that delivers to it, as the miniature uses it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bonkei.base.events import Bus, LogEvent, LogEventsIngested, TargetRegistered
from bonkei.blueprint import Blueprint
from bonkei.services.logs.api import LogsService
from bonkei.services.logs.api.desk import Desk
from bonkei.services.logs.awslogs.batches import whole_batches
from bonkei.services.logs.awslogs.driver import AwsLogsDriver
from bonkei.services.logs.awslogs.options import AwsLogsOptions
from bonkei.services.logs.declared import follow
from bonkei.services.logs.delivery.exports import Exports, exports_of
from bonkei.services.logs.delivery.requests.deliveries import Means, PutObject, RequestDeliveries
from bonkei.services.logs.delivery.requests.request import Finished
from bonkei.services.logs.delivery.requests.target import Deliverer
from bonkei.services.logs.errors import LogsError
from bonkei.services.logs.live_tails import LiveTails
from bonkei.services.logs.queries.queries import Queries
from bonkei.services.logs.store.documents import GroupDocument
from bonkei.services.logs.store.limits import InputEvent
from bonkei.services.logs.store.log_store import DEFAULT_BYTES, LogStore
from bonkei.services.logs.subscriptions import matched

_MOST_TASKS = 1_000  # the oldest are forgotten first, long after they have stopped


class Endpoints:
    """The addresses of tasks, because access logs name a target by its address. `by_task`: host and
    port by the task's id."""

    def __init__(self, bus: Bus) -> None:
        self.by_task: dict[str, str] = {}
        bus.subscribe(TargetRegistered, self._on_registered)

    def _on_registered(self, event: TargetRegistered) -> None:
        self.by_task[event.task_id] = f"{event.endpoint.host}:{event.endpoint.port}"
        if len(self.by_task) > _MOST_TASKS:
            del self.by_task[next(iter(self.by_task))]


May = Callable[[str, str, str], str]
"""Why a role (its ARN) may not do an action (`logs:PutLogEvents`) on a resource; empty if it
may."""


@dataclass(frozen=True, slots=True)
class LogsSettings:
    """`directory`: the store's own, below the home. `limit`: of its events, in bytes.
    `database_logs`: where each database cluster has a folder with its log. `time_factor`: how many
    of AWS's minutes pass in one minute, between two objects of an access log."""

    directory: Path
    account: str
    database_logs: Path
    limit: int = DEFAULT_BYTES
    time_factor: int = 1


@dataclass(frozen=True, slots=True)
class LogsSnapshot:
    """`stored`, `limit` and `forgotten` are in bytes. `lost`: events that no group has taken."""

    groups: int
    stored: int
    limit: int
    forgotten: int
    notes: tuple[str, ...]


async def no_bucket(_bucket: str, _key: str, _content: bytes, _by: Deliverer) -> str:
    """For a miniature without S3."""
    return "there is no S3 here"


class Logs:
    """CloudWatch Logs. Call `start` before the first write, and `apply` with each blueprint."""

    def __init__(
        self,
        bus: Bus,
        settings: LogsSettings,
        may: May,
        report: Callable[[str], None],
        put_object: PutObject = no_bucket,
        local: Callable[[Sequence[Finished], int], None] = lambda *_: None,
    ) -> None:
        self._bus = bus
        self._settings = settings
        self._may = may
        self._report = report
        self._blueprint = Blueprint()
        self._notes: tuple[str, ...] = ()
        self._exports: Exports | None = None
        self._tails = LiveTails()
        self.queries = Queries()
        self._endpoints = Endpoints(bus)
        self.requests = RequestDeliveries(
            settings.account,
            Means(
                put_object, self._put_for_service, self._endpoints.by_task, local, report,
                settings.time_factor,
            ),
        )  # fmt: skip
        self.store = LogStore(settings.directory, self._arrived, limit=settings.limit)

    def start(self) -> None:
        self.store.open()

    def apply(self, blueprint: Blueprint) -> None:
        """Create the declared groups."""
        self._blueprint = blueprint
        self._notes = follow(self.store, blueprint)
        if self._exports is None:
            state = self._settings.directory / "exports.json"
            self._exports = Exports(self.store, state, self._report)
        self._exports.follow(exports_of(blueprint.database_clusters, self._settings.database_logs))
        self.requests.follow(blueprint)
        self._notes += self.requests.notes

    def buckets_are_there(self) -> None:
        """Called after each `apply`, when S3 has the declared buckets: objects can be delivered."""
        self.requests.open()

    async def stop_requests(self) -> None:
        """Called after the edge and before the endpoint: waiting records go to their buckets."""
        await self.requests.stop()

    async def stop(self) -> None:
        """Call this after everything that writes has stopped."""
        await self.queries.stop()
        if self._exports is not None:
            await self._exports.stop()

    @property
    def service(self) -> LogsService:
        """The API, for the endpoint."""
        return LogsService(self.desk)

    def desk(self, region: str) -> Desk:
        """The desk for the operations of the API. Raises LogsError before the start."""
        if not self.store.is_open:
            raise LogsError("ServiceUnavailableException", "The miniature is starting.")
        return Desk(
            self.store,
            self._settings.account,
            region,
            lambda: self._blueprint.metric_filters,
            lambda: self._blueprint.query_definitions,
            self._tails,
            self.queries,
        )

    def awslogs(
        self, options: AwsLogsOptions, container: str, task_id: str, role_arn: str
    ) -> AwsLogsDriver:
        """An open driver for a container of a task with this execution role. Raises
        LogDriverError."""
        writer = self.writer(role_arn, options.region)
        stream = options.stream(container, task_id)
        driver = AwsLogsDriver(options, stream, writer, self._report)
        driver.open()
        return driver

    def writer(self, role_arn: str, region: str) -> RoleWriter:
        """The store, with a role's permissions to write."""
        return RoleWriter(self.store, self._may, role_arn, self.desk(region).arn)

    def snapshot(self) -> LogsSnapshot:
        notes = self._notes
        if self.store.forgotten:
            bound = self._settings.limit // 1_000_000
            notes += (f"the oldest log events were deleted: the store has {bound} MB at most",)
        store = self.store
        return LogsSnapshot(
            len(store.groups), store.stored, self._settings.limit, store.forgotten, notes
        )

    def _put_for_service(self, group: str, stream: str, events: Sequence[InputEvent]) -> None:
        """Deliver as an AWS service does: it creates its stream, but never a group."""
        if stream not in self.store.group(group).streams:
            self.store.create_stream(group, stream)
        self.store.put(group, stream, events)

    def _arrived(self, group: str, stream: str, events: tuple[LogEvent, ...]) -> None:
        self._bus.publish(LogEventsIngested(group, stream, events))
        self._tails.arrived(group, stream, events)
        document = self.store.group(group).document
        for each in matched(document, stream, events) if document.subscriptions else ():
            self._bus.publish(each)


class RoleWriter:
    """The store, with a role's permissions."""

    def __init__(self, store: LogStore, may: May, role_arn: str, arn: Callable[[str], str]) -> None:
        self._store = store
        self._may = may
        self._role = role_arn
        self._arn = arn

    def create_group(self, group: str) -> None:
        self._require("logs:CreateLogGroup", self._arn(group))
        self._store.create_group(GroupDocument(group, self._store.now))

    def create_stream(self, group: str, stream: str) -> None:
        self._require("logs:CreateLogStream", f"{self._arn(group)}:log-stream:{stream}")
        self._store.create_stream(group, stream)

    def put(self, group: str, stream: str, events: Sequence[InputEvent]) -> None:
        self._require("logs:PutLogEvents", f"{self._arn(group)}:log-stream:{stream}")
        self._store.put(group, stream, events)

    def put_all(self, group: str, stream: str, events: Sequence[InputEvent]) -> None:
        """Write any number of lines of any length, in calls that CloudWatch Logs accepts."""
        for batch in whole_batches(events):
            self.put(group, stream, batch)

    def _require(self, action: str, resource: str) -> None:
        if denial := self._may(self._role, action, resource):
            raise LogsError("AccessDeniedException", denial)
