"""Pipelines, permissions and data: pages with actions, and pages that show content."""

from __future__ import annotations

from bonkei.config import Config
from bonkei.miniature.assembly import Assembly
from bonkei.miniature.console.data import DataSources, offer_data
from bonkei.miniature.console.overview import Said
from bonkei.miniature.console.permissions import PermissionSources, offer_permissions
from bonkei.miniature.console.pipelines import offer_pipelines
from bonkei.miniature.console.pipelines.deeds import PipelineDeeds
from bonkei.miniature.console.pipelines.offer import PipelineSources
from bonkei.miniature.console.pipelines.shown import approvals
from bonkei.services.console import Json
from bonkei.services.console.views.inert import label


def join_acting(config: Config, assembly: Assembly, said: Said) -> None:
    """Give the console the topics and actions of pipelines, permissions and data."""
    _join_pipelines(config, assembly)
    _join_permissions(config, assembly)
    _join_data(assembly, said)


def _join_pipelines(config: Config, assembly: Assembly) -> None:
    room = assembly.pipelines
    deeds = PipelineDeeds(room.pipelines, assembly.aws, config.root, room.repositories.directory)
    sources = PipelineSources(room.pipelines, lambda: assembly.builds.builds)
    offer_pipelines(assembly.console, sources, deeds)


def pipelines_badge(assembly: Assembly) -> Json:
    """How many approvals wait for an answer."""
    room = assembly.pipelines.pipelines
    waiting = sum(len(list(approvals(each, room.book(each.name)))) for each in room.all)
    return {"text": str(waiting), "kind": "warn"} if waiting else None


def _join_permissions(config: Config, assembly: Assembly) -> None:
    sources = PermissionSources(
        lambda: assembly.blueprint,
        lambda: assembly.aws.cloud,
        config.enforce,
        config.definitions,
        config.root,
    )
    offer_permissions(assembly.console, sources)


def _join_data(assembly: Assembly, said: Said) -> None:
    def revealed(kind: str, name: str) -> None:
        said(f"console: the value of the {kind} {label(name)} was shown")

    sources = DataSources(
        lambda: assembly.blueprint,
        lambda: assembly.aws.cloud.looking,
        assembly.databases.snapshot,
        assembly.databases.reader,
        revealed,
    )
    offer_data(assembly.console, sources)
