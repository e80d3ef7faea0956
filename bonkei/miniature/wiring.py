"""Creates the parts of a miniature and connects them. Nothing runs yet."""

from __future__ import annotations

import time
from collections import ChainMap
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bonkei.base.aws_service import AwsService
from bonkei.base.events import Bus
from bonkei.blueprint import Blueprint
from bonkei.blueprint.state import Resource
from bonkei.config import Config
from bonkei.definitions.provider.counters import FileCounters
from bonkei.definitions.sources import Sources
from bonkei.miniature import applied_elsewhere
from bonkei.miniature.addresses import Addresses
from bonkei.miniature.home import Home
from bonkei.miniature.lifecycle.one_offs import OneOffs, Started
from bonkei.miniature.making import MakeParts
from bonkei.miniature.measures.measures import Shown
from bonkei.miniature.parts.bucket_origins import BucketObjects
from bonkei.miniature.parts.cloudformation import StackPart
from bonkei.miniature.parts.cloudwatch import MonitorPart
from bonkei.miniature.parts.codebuild.tools import Commands
from bonkei.miniature.parts.codepipeline.pipelines import PipelinePart
from bonkei.miniature.parts.ecr import RegistryPart, RegistrySettings
from bonkei.miniature.parts.ecs.metadata import TaskMetadata
from bonkei.miniature.parts.ecs.service_events import service_events
from bonkei.miniature.parts.ecs.tasks import TaskPart
from bonkei.miniature.parts.ecs.timeline import MOST_ENTRIES, Timeline
from bonkei.miniature.parts.ecs.usage import Usage
from bonkei.miniature.parts.ecs.view import Change, EcsView
from bonkei.miniature.parts.elasticache import Caches
from bonkei.miniature.parts.endpoint.endpoint import AwsEndpoint
from bonkei.miniature.parts.endpoint.own_services import own_services
from bonkei.miniature.parts.faults import FaultPart
from bonkei.miniature.parts.faults.filling import FillAround
from bonkei.miniature.parts.faults.sights import SeenAround
from bonkei.miniature.parts.logs.logs import LogPart
from bonkei.miniature.parts.logs.routers import LogRouters
from bonkei.miniature.parts.network.discovery import discovering
from bonkei.miniature.parts.network.network import NetworkPart
from bonkei.miniature.parts.rds import Databases
from bonkei.miniature.requests.recorder import Recorder
from bonkei.miniature.rollout.registered import RegisteredDefinitions
from bonkei.miniature.rollout.service_changes import ARGUMENTS, ServiceChanges
from bonkei.miniature.rollout.watch import Watch
from bonkei.miniature.steps import Report
from bonkei.services.ecs import TasksSnapshot
from bonkei.services.edge.snapshot import ListenerState
from bonkei.services.endpoint.port.certificate import ca_file

if TYPE_CHECKING:
    from bonkei.services.endpoint.endpoint import Beside


class Wiring:
    """The parts, each created once. `blueprint` is the current one."""

    def __init__(
        self,
        config: Config,
        home: Home,
        report: Report,
        make: MakeParts,
        change: Change,
        follow_stacks: Callable[[], Awaitable[Sequence[str]]],
        follow_builds: Callable[[], Awaitable[None]],
    ) -> None:
        """`change`: changes a service for `ecs update-service`. `follow_stacks`: follow changes of
        stacks; returns notes. `follow_builds`: follow a build's apply."""
        self._config, self._home, self._report = config, home, report
        self.blueprint = Blueprint()
        self.bus = Bus()
        self.containers = dict(config.containers)
        self.addresses = Addresses(
            home.addresses, config.endpoints, self._resources, is_one=config.one_address
        )
        self._answering: ChainMap[str, AwsService] = ChainMap()
        self._beside: dict[str, Beside] = {}
        self.parts = make(config, home, self.bus, self.addresses, report)
        self.aws = AwsEndpoint(self.parts.cloud, self._answering, self._beside)
        self._make_edge()
        self._make_images()
        self._make_changes()
        self._make_data()
        self._make_logs()
        self._make_programs()
        self._make_pipelines(follow_builds, follow_stacks)
        self._make_ecs(change)
        self._make_monitor()
        self._make_endpoint()
        self.faults = self._make_faults(report)

    def current(self) -> Blueprint:
        """The blueprint, for what asks for it again and again."""
        return self.blueprint

    def _resources(self) -> Sequence[Resource]:
        return self.parts.definitions.resources()

    def _make_edge(self) -> None:
        """The way of a request to the tasks, and their network."""
        self.edge = self.parts.edge
        self.edge.objects.fetch = BucketObjects(self.aws, self.current).fetch
        self.console = self.parts.console
        self.tasks = TaskPart(self.edge)
        self.usage = Usage()
        self.timeline = Timeline(self.bus)
        self.network = NetworkPart(
            self._config.enforce,
            self.parts.caller_addresses,
            self.addresses.translator,
            self.addresses.loopback,
            self._report,
        )

    def _make_images(self) -> None:
        config = self._config
        commands = Commands(self._install, config.terraform)
        self.registry = RegistryPart(
            self._home,
            self.aws,
            self._report,
            self.bus,
            RegistrySettings(
                lambda: commands.trivy(self._report),
                config.builds_engine,
                config.images,
                frozenset(config.containers),
                config.trivy_database,
            ),
        )

    def _make_changes(self) -> None:
        """What is kept of changes of services, and their watch."""
        home = self._home
        self.registered = RegisteredDefinitions(
            home.path / "ecs" / "task-definitions.json",
            FileCounters(home.path / "terraform" / "counters.json"),
        )
        self.service_changes = ServiceChanges(
            home.path / "ecs" / "service-changes.json", self._kept_arguments
        )
        self.service_changes.hear(self.bus)
        self.watch = Watch(self.bus)
        self.one_offs = OneOffs(self._config.one_offs, Started(home.started))

    def _make_data(self) -> None:
        self.caches = Caches(self._home.path, self.addresses.loopback)
        self.databases = Databases(
            self.parts.database,
            _server(self._config.database_url or ""),
            self.aws,
            self.addresses,
            self._home.path,
            self.parts.vault,
        )

    def _make_logs(self) -> None:
        routers = LogRouters(
            self._config.fluent_bit,
            self.containers,
            self._report,
            self._home.sockets,
            ca_file(self._home.cloud / "tls"),
            self.registry.built,
        )
        self.logs = LogPart(self.parts.logs, self._report, self.aws.put_object, routers, self.aws)

    def _make_programs(self) -> None:
        """Functions and builds: programs that are not tasks."""
        self.functions = self.parts.functions(self.aws, self.logs.writer, self._tell_function)
        self.builds = self.parts.builds(
            self.aws, self.logs.writer, self._install, self.registry.engine,
            self.addresses.translator.translate_all,
        )  # fmt: skip

    def _make_pipelines(
        self,
        follow_builds: Callable[[], Awaitable[None]],
        follow_stacks: Callable[[], Awaitable[Sequence[str]]],
    ) -> None:
        self.pipelines = PipelinePart(
            self._home, self.bus, self._report, self.aws, self.builds, follow_builds,
            self._alarm_state, 60 / self._config.time_factor,
        )  # fmt: skip
        self.stacks = StackPart(
            self._home.stacks,
            self.parts.definitions,
            follow_stacks,
            lambda: self.aws.cloud,
            self.bus,
            self._report,
            lambda: self.registered.revisions,
        )

    def _alarm_state(self, name: str) -> str:
        return self.monitor.state_of(name)

    def _make_ecs(self, change: Change) -> None:
        """ECS's API, and what a task reads of itself."""
        self.ecs = EcsView(
            self.current,
            self.tasks.running,
            change,
            self._report,
            self.registered,
            self.registry.digest,
            self.network.started,
            happened=lambda one: service_events(one, self.timeline.entries(most=MOST_ENTRIES)),
        )
        self.metadata = TaskMetadata(
            self.ecs.find,
            lambda: self.registered.over(self.blueprint),
            lambda: self.tasks.running().snapshot().tasks,
        )

    def _make_monitor(self) -> None:
        """CloudWatch, which hears of all requests, as the access logs and the console do."""
        self.monitor = MonitorPart(
            self.parts.monitor,
            self.bus,
            Shown(self.edge.snapshot, self._measured_tasks, self.databases.snapshot),
            self.aws,
            self.aws.store_rests,
            self.ecs.find,
        )
        self.recorder = Recorder()
        for hear in (self.monitor.measures.seen, self.logs.seen, self.recorder.seen):
            self.parts.requests.hear_together(hear)

    def _make_endpoint(self) -> None:
        """What the AWS endpoint answers by the parts."""
        self._answering.maps += [self._services(), self.functions.services]
        self._answering.update({**self.monitor.answers, **self.registry.services})
        self._beside.update(
            {**self.registry.beside, **self.pipelines.beside, **self.metadata.beside}
        )

    def _services(self) -> dict[str, AwsService]:
        """The AWS services that parts answer."""
        own = own_services(
            lambda: self.ecs if self.tasks.made is not None else None,
            self.logs.service,
            self.current,
            self.edge.snapshot,
            self.databases.snapshot,
            self.databases,
            self.aws,
        )
        answered = {"codebuild": self.builds.service, "cloudformation": self.stacks.service}
        discovery = discovering(self.current, self.ecs.describe, self._place_of)
        answered["servicediscovery"] = discovery
        return {**own, **answered, **self.pipelines.services}

    def _place_of(self, source: str, name: str, port: int) -> tuple[str, int]:
        host = self.network.address(source, name) or self.addresses.services.get(name, "")
        return self.addresses.loopback.here(host, port) if host and port else (host, port)

    def _make_faults(self, report: Report) -> FaultPart:
        seen = SeenAround(
            self.current,
            self.tasks.snapshot,
            self.edge.targets,
            self.databases.snapshot,
            self.network.why_not_gated,
            self.network.disturb,
            lambda: self.aws.cloud_if_started,
        )
        fill = FillAround(
            self.current,
            self.tasks.running,
            self.databases.snapshot,
            self.parts.vault,
            self._home.path / "tasks",
        )
        return FaultPart(
            self._home.path / "faults", self._config.root, seen, fill, self.edge, self.bus, report,
            self.public_listeners, self.monitor.monitor,
        )  # fmt: skip

    def _kept_arguments(self, arn: str) -> frozenset[str]:
        """The arguments of a service that neither an apply in the folder nor a start resets."""
        if arn in applied_elsewhere.services(self._home.path):
            return frozenset(ARGUMENTS)
        address = next((one.address for one in self.blueprint.services if one.arn == arn), "")
        ignored = Sources(self._config.definitions).ignored(address)
        return frozenset(name for name in ARGUMENTS if ignored & {name, "all"})

    async def _install(self, locks: Sequence[Path]) -> Path:
        return await self.parts.install(locks, self._home.environments, self._report)

    def _measured_tasks(self) -> TasksSnapshot | None:
        """The monitor's metrics of each minute give the console its data for a day."""
        snapshot = self.tasks.snapshot()
        if snapshot is not None:
            self.usage.note(snapshot, time.time())
        return snapshot

    def public_listeners(self) -> list[ListenerState]:
        listeners = self.edge.snapshot().listeners
        return [listener for listener in listeners if listener.kind != "service_connect"]

    def _tell_function(self, name: str, values: Mapping[str, str]) -> Mapping[str, str]:
        """A function's environment, with the function's own addresses."""
        return self.addresses.translator.of(f"function {name}").translate_all(values)


def _server(url: str) -> str:
    """A user's own server, for messages; empty without one."""
    if not url:
        return ""
    from bonkei.services.rds.external import describe  # noqa: PLC0415 - psycopg takes a while to load

    return describe(url)
