"""The picture, and the page about each resource in it."""

from __future__ import annotations

from bonkei.blueprint import Blueprint
from bonkei.config import Config
from bonkei.miniature.assembly import Assembly
from bonkei.miniature.console.definition import offer_definition
from bonkei.miniature.console.estate import Estates
from bonkei.miniature.console.flow import Flow
from bonkei.miniature.console.health import Parts
from bonkei.miniature.console.picture import PictureSources, offer_picture
from bonkei.miniature.console.resource import ResourceSources, offer_resource


def join_architecture(config: Config, assembly: Assembly) -> None:
    """Give the console the topics of the picture and of the resources."""
    parts = Parts(
        lambda: assembly.blueprint,
        assembly.edge.snapshot,
        assembly.tasks.snapshot,
        assembly.databases.snapshot,
        assembly.aws.snapshot,
        assembly.monitor.snapshot,
        assembly.pipelines.snapshot,
        assembly.functions.snapshot,
    )

    def closed() -> list[tuple[str, str, str]]:
        return [(one.source, one.target, one.why) for one in assembly.network.snapshot().obstacles]

    def secrets(blueprint: Blueprint) -> list[str]:
        found = [assembly.parts.vault.get(each.arn) for each in blueprint.secrets]
        return [value for value in found if value]

    totals = assembly.monitor.measures.totals
    offer_picture(assembly.console, PictureSources(parts, Flow(), totals, closed, config.enforce))
    estates = Estates(assembly.stacks.resources, secrets)
    offer_definition(
        assembly.console, lambda: assembly.blueprint, estates, config.definitions, config.root
    )
    offer_resource(
        assembly.console,
        ResourceSources(parts, estates, assembly.timeline, lambda: assembly.monitor.monitor.store),
    )
