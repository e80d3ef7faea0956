"""Creates the components that touch the machine, each in one place.

A test puts doubles here. The supervisor only decides their order, and stays the same.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from bonkei.base.aws_service import AwsService
from bonkei.base.events import Bus
from bonkei.base.vault import FileVault, Vault
from bonkei.blueprint.rds import DatabaseCluster
from bonkei.config import Config
from bonkei.miniature.addresses import Addresses
from bonkei.miniature.applied import Definitions
from bonkei.miniature.applied import workspace as workspace_of
from bonkei.miniature.home import Home
from bonkei.miniature.lifecycle.descriptors import raise_limit_of_open_files
from bonkei.miniature.parts.cloudwatch import MakeMonitor
from bonkei.miniature.parts.codebuild.builds import BuildPart, Install
from bonkei.miniature.parts.edge.access_hooks import Requests
from bonkei.miniature.parts.edge.request_log import EdgeLog
from bonkei.miniature.parts.endpoint.endpoint import AwsEndpoint, MakeCloud
from bonkei.miniature.parts.lambda_.functions import FunctionPart, Ways
from bonkei.miniature.parts.logs.logs import MakeLogs, Writer
from bonkei.miniature.parts.rds import MakeDatabase
from bonkei.miniature.steps import Report
from bonkei.services.cloudwatch.monitor import Monitor
from bonkei.services.codebuild.surroundings import Translate
from bonkei.services.console import Console, ConsoleSettings
from bonkei.services.ecs import FileLogSink, Tasks, TaskSettings
from bonkei.services.ecs.execution.software import ensure_environment
from bonkei.services.edge import Edge, EdgeSettings
from bonkei.services.endpoint.settings import CloudSettings
from bonkei.services.logs.logs import Logs, LogsSettings
from bonkei.services.rds.manager import Database
from bonkei.services.rds.tokens import CheckToken

if TYPE_CHECKING:
    from bonkei.services.endpoint.cloud import Cloud
    from bonkei.services.endpoint.endpoint import Beside


@dataclass(frozen=True, slots=True)
class Parts:
    """`database`: from a cluster and its address. `install`: from requirements, the place of
    environments, and a report of slow work. `cloud`: the AWS endpoint, from the services that parts
    answer, a report, and the other servers on its port. `logs`: CloudWatch Logs, from the roles'
    permissions and a report. `monitor`: metrics and alarms, from the parts around them. `requests`:
    the listeners of finished requests. `functions`: Lambda, SNS and the inboxes, from the parts
    around them. `builds`: CodeBuild, likewise. `caller_addresses`: where the edge looks them up."""

    definitions: Definitions
    edge: Edge
    tasks: Callable[[TaskSettings], Tasks]
    database: MakeDatabase
    install: Callable[[Sequence[Path | str], Path, Report], Awaitable[Path]]
    cloud: MakeCloud
    logs: MakeLogs
    monitor: MakeMonitor
    requests: Requests
    functions: Callable[
        [AwsEndpoint, Writer, Callable[[str, Mapping[str, str]], Mapping[str, str]]], FunctionPart
    ]
    builds: Callable[[AwsEndpoint, Writer, Install, Mapping[str, str], Translate], BuildPart]
    vault: Vault
    console: Console = field(default_factory=Console)
    caller_addresses: dict[tuple[str, str], str] = field(default_factory=dict)


MakeParts = Callable[[Config, Home, Bus, Addresses, Report], Parts]


def real_parts(config: Config, home: Home, bus: Bus, addresses: Addresses, report: Report) -> Parts:
    """Terraform, sockets, processes and PostgreSQL. `report` receives messages for the user."""
    vault = FileVault(home.secrets)
    callers: dict[tuple[str, str], str] = {}
    requests = Requests()
    workspace = workspace_of(config, home.path)
    ways = Ways(
        bus,
        vault,
        lambda locks: ensure_environment(locks, home.environments, report),
        workspace.directory,
        report,
    )
    return Parts(
        definitions=Definitions(workspace, home.path),
        edge=Edge(
            bus, _edge_settings(config, addresses, callers), on_access=requests, report=report
        ),
        tasks=lambda settings: Tasks(bus, vault, settings),
        database=_databases(config, home, vault),
        install=ensure_environment,
        cloud=_clouds(config, home, vault),
        logs=_logs(config, home, bus),
        monitor=lambda around: Monitor(home.monitor, bus, around, config.time_factor),
        requests=requests,
        functions=lambda *around: FunctionPart(config, home, ways, *around),
        builds=lambda *around: BuildPart(config, home, bus, *around),
        vault=vault,
        console=_console(config, home),
        caller_addresses=callers,
    )


def _edge_settings(
    config: Config, addresses: Addresses, callers: dict[tuple[str, str], str]
) -> EdgeSettings:
    return EdgeSettings(
        distribution_port=config.edge_port,
        load_balancer_port=config.alb_port,
        hosts=config.edge_hosts,
        service_addresses=addresses.services,
        here=addresses.loopback.here,
        caller_addresses=callers,
        enforces_network=config.enforce == "on",
        open_files=raise_limit_of_open_files(),
    )


def _databases(config: Config, home: Home, vault: Vault) -> MakeDatabase:
    def make(cluster: DatabaseCluster, host: str, check: CheckToken) -> Database:
        return Database(
            cluster, host, home.path, vault, config.database_url,
            shared=config.database_shared, check_token=check,
        )  # fmt: skip

    return make


def _clouds(config: Config, home: Home, vault: Vault) -> MakeCloud:
    def make(
        services: Mapping[str, AwsService], report: Report, beside: Mapping[str, Beside]
    ) -> Cloud:
        from bonkei.services.endpoint.cloud import Cloud  # noqa: PLC0415 - aiohttp takes a while to load

        settings = CloudSettings(
            home.cloud,
            config.account_id,
            config.cloud_port,
            config.definitions,
            config.enforce,
            raise_limit_of_open_files(),
            config.policies,
        )
        return Cloud(
            settings,
            vault,
            lambda lock: ensure_environment((lock,), home.environments, report),
            services,
            report,
            beside,
        )

    return make


def _logs(config: Config, home: Home, bus: Bus) -> MakeLogs:
    settings = LogsSettings(
        home.log_groups,
        config.account_id,
        home.logs,
        config.log_megabytes * 1_000_000,
        config.log_time_factor,
    )
    return lambda may, report, put_object: Logs(
        bus,
        settings,
        may,
        report,
        put_object,
        EdgeLog(FileLogSink(home.logs, report=report)).write,
    )


def _console(config: Config, home: Home) -> Console:
    if config.console_port is None:
        return Console(None)
    return Console(ConsoleSettings(config.console_port, home.console))
