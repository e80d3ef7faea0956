"""What the parts of a miniature do together: follow a blueprint, and roll it out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from bonkei.blueprint import Blueprint
from bonkei.blueprint.ecs import Container, Service, TaskDefinition
from bonkei.miniature.home import MiniatureError
from bonkei.miniature.lifecycle.one_offs import OneOffError
from bonkei.miniature.lifecycle.part import Ending, Part
from bonkei.miniature.lifecycle.preparation import programs_of
from bonkei.miniature.rehearsal.values import Means
from bonkei.miniature.requests.explaining import RequestWorld
from bonkei.miniature.rollout.diagnosis import Unhealthy
from bonkei.miniature.rollout.rollout import settle, unreachable
from bonkei.miniature.steps import Steps
from bonkei.miniature.wiring import Wiring
from bonkei.services.ecs import TaskError, TaskSettings, missing_secrets
from bonkei.services.ecs.hooks import verdict


class Assembly(Wiring):
    """The parts, and what they do together, in the order in which it has to happen."""

    @property
    def order(self) -> tuple[Part, ...]:
        """The parts, from the data to the visitors."""
        return (
            self.logs,
            Ending(self.monitor.close),
            self.aws,
            self.functions,
            Ending(self.logs.stop_requests),
            self.databases,
            self.caches,
            self.network,
            Ending(lambda: self.edge.stop(grace=1.0), "edge", self.edge.snapshot),
            Ending(self.registry.forget_images),
            self.tasks,
            Ending(self.registry.stop),
            self.builds,
            self.monitor,
            self.pipelines,
            self.stacks,
        )

    def locate(self) -> None:
        """Give every name of the blueprint its address, and publish the public URLs."""
        urls = self.aws.urls(self.blueprint)
        self.addresses.follow(self.blueprint, self.edge.snapshot(), urls)
        self.network.place(self.blueprint, self.addresses.translator.book)

    def follow_records(self, steps: Steps) -> None:
        """Addresses, log groups and repositories, before the parts that write to them."""
        services = self.service_changes.over(self.blueprint).services
        self.registered.follow(self.blueprint, {one.task_definition_arn for one in services})
        self.locate()
        self.logs.follow(self.blueprint, steps)
        self.registry.follow(self.blueprint)

    async def follow_deliveries(self, steps: Steps, *, are_new: bool) -> None:
        """The parts that need the resources behind the endpoint, and alarms, which may act at once.
        `are_new`: pipelines that are declared for the first time run at once."""
        self.logs.buckets_are_there()
        await self.functions.follow(self.blueprint, steps)
        self.builds.follow(self.blueprint)
        self.monitor.follow(self.blueprint)
        await self.pipelines.follow(self.blueprint, are_new=are_new)

    def task_settings(self, steps: Steps) -> TaskSettings:
        return TaskSettings(
            home=self._home.path,
            containers=self.containers,
            addresses=self.addresses.translator,
            progress=steps.note,
            cloud=self._task_environment,
            may_read=self.aws.may_read,
            may_start=self._may_start,
            log_driver=self.logs.log_driver,
            log_router=self.logs.log_router,
            built=self.registry.built,
            minute=60 / self._config.time_factor,
            hook=lambda call: verdict(self.aws, call),
            access_point=self._access_point,
        )

    def _access_point(self, wanted: str) -> str:
        """Its root directory. Of one outside of the stack, which nobody knows: a folder for it."""
        known = {point.id: point.root_directory for point in self.blueprint.access_points}
        return known.get(wanted, f"/{wanted}")

    def _task_environment(
        self, definition: TaskDefinition, task_id: str, group: str, container: str
    ) -> Mapping[str, str]:
        if any(container.firelens for container in definition.containers):
            self.aws.expect_calls()  # at the latest when its log router ends
        source = self.network.source(task_id, group)
        cloud = self.aws.task_environment(definition, task_id, source)
        return {**cloud, **self.metadata.variables(cloud["AWS_ENDPOINT_URL"], task_id, container)}

    def _may_start(self, definition: TaskDefinition, group: str) -> str:
        return (
            self.network.may_start(definition, group)
            or self.aws.may_start(definition, group)
            or self.faults.may_start(self.blueprint, group)
        )

    async def follow_databases(self, steps: Steps) -> None:
        await self.databases.follow(self.blueprint.database_clusters, steps)
        await self.caches.follow(self.blueprint.caches, self.addresses.clusters, steps)
        await self.network.follow(self.addresses.clusters, steps)

    def tell_missing_secrets(self, steps: Steps) -> None:
        """Before the first task that fails for want of one."""

        def runs(container: Container, definition: TaskDefinition) -> bool:
            if definition.key_of(container, self.containers):
                return True
            try:
                return self.registry.built(container, definition) is not None
            except TaskError:  # the task says so itself
                return False

        for line in missing_secrets(self.as_released, self.parts.vault, runs):
            steps.note(line)

    async def needs_migration(self) -> bool:
        """Whether new tasks will start, or a database differs from the last one-off commands'."""
        clusters = self.blueprint.database_clusters
        return not self.one_offs.have_served(clusters) or await self.tasks.running().would_deploy(
            self.as_released
        )

    async def migrate(self, steps: Steps, done: str, service: Service | None = None) -> None:
        """Run the one-off commands before new tasks, and before them what prepares the folders of
        the service, or of all. If one fails, the running tasks continue."""
        tasks = self.tasks.running()
        try:
            for program in programs_of(service, self.as_released, self.containers):
                await tasks.make_ready(program)
            await self.one_offs.run(self.blueprint, tasks, steps, service)
        except (OneOffError, TaskError) as error:
            raise MiniatureError(
                f"{done}, and no new task is started: {error.message}",
                remedy=f"{error.remedy}\nthe old tasks keep serving",
            ) from None

    @property
    def as_released(self) -> Blueprint:
        """The blueprint with what calls of `ecs` have changed: revisions, and what services run."""
        return self.service_changes.over(self.registered.over(self.blueprint))

    async def roll_out(self, steps: Steps, *only: str) -> list[Unhealthy]:
        """Roll out all services, or those with these ARNs, by the blueprint and later calls of
        `ecs`."""
        return await (await self.begin_roll_out(steps, *only))()

    async def begin_roll_out(
        self, steps: Steps, *only: str
    ) -> Callable[[], Awaitable[list[Unhealthy]]]:
        """Begin, and return what waits for the end."""
        blueprint = self.as_released
        tasks, logs = self.tasks.running(), self._home.logs
        await tasks.reconcile(blueprint, only)
        return lambda: settle(tasks, self.watch, blueprint, steps, logs, only)

    def unreachable(self, steps: Steps) -> list[Unhealthy]:
        """The services that the network closes to the load balancer. Their tasks may still be
        healthy, by their last checks."""
        states = self.tasks.running().snapshot().services
        run = {one.arn for one in states if one.desired_count and not one.refused}
        services = [one for one in self.blueprint.services if one.arn in run]
        found = list(unreachable(self.network.closed_target_groups(), services))
        for one in found:
            steps.note(f"{one.name}: {one.reason}")
        return found

    def request_world(self) -> RequestWorld:
        """The part that explains requests."""
        return RequestWorld(
            self.edge,
            lambda: self.blueprint,
            self.parts.requests.hear,
            self._config.definitions,
            self._config.root,
            self._home.logs,
        )

    def means(self) -> Means:
        """The parts with which a rehearsal of alarms creates real causes."""
        return Means(
            self.tasks.running,
            self.edge.snapshot,
            self.databases.snapshot,
            self.parts.vault,
            self._config.rehearse,
            self.functions.webhook,
            self.monitor.look,
            self.functions.prepare,
        )
