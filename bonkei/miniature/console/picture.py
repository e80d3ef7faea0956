"""The architecture, drawn from the blueprint, and its present state."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from bonkei.blueprint import Blueprint
from bonkei.blueprint.coverage import NotSimulated
from bonkei.miniature.console.flow import Flow
from bonkei.miniature.console.health import Parts, node_health
from bonkei.miniature.measures.traffic import Totals
from bonkei.services.console import Console, ConsoleError, Json

if TYPE_CHECKING:
    from bonkei.analysis.diagram import Scene
    from bonkei.analysis.diagram.scene import Card, Frame, Line


@dataclass(frozen=True, slots=True)
class PictureSources:
    """`totals`: the requests since the start. `closed`: the ways that the network closes: source,
    target, reason. `enforce`: the setting."""

    parts: Parts
    flow: Flow
    totals: Callable[[], Totals]
    closed: Callable[[], list[tuple[str, str, str]]]
    enforce: str


class Scenes:
    """The scenes of the blueprint. They are drawn again only for a new one."""

    def __init__(self) -> None:
        self._of: Blueprint | None = None
        self._scenes: dict[str, Scene] = {}

    def of(self, blueprint: Blueprint) -> Mapping[str, Scene]:
        if blueprint is not self._of:
            from bonkei.analysis.diagram import draw, stage  # noqa: PLC0415 - a start does not need it

            self._scenes = {diagram.name: stage(diagram) for diagram in draw(blueprint)}
            self._of = blueprint
        return self._scenes


def offer_picture(console: Console, sources: PictureSources) -> None:
    """The topics `picture` (a scene, by `name`) and `picture.live` (the present state)."""
    scenes = Scenes()

    async def picture(query: Mapping[str, str]) -> Json:
        blueprint, edge = sources.parts.blueprint(), sources.parts.edge()
        gaps = (*blueprint.not_simulated, *edge.not_simulated)
        return scene(scenes.of(blueprint), query.get("name", ""), gaps)

    async def live(_: Mapping[str, str]) -> Json:
        return state(sources)

    console.topics({"picture": picture, "picture.live": live})


def scene(scenes: Mapping[str, Scene], name: str, gaps: Sequence[NotSimulated] = ()) -> Json:
    """One scene, the names of all, and the features that are not simulated. Without a name, the
    first scene."""
    tabs = [{"name": each.name, "title": each.title} for each in scenes.values()]
    if not scenes:
        return {"tabs": [], "scene": None, "not_simulated": []}
    found = scenes.get(name or next(iter(scenes)))
    if found is None:
        raise ConsoleError(f"there is no picture {name}", remedy="choose one of the others")
    return {
        "tabs": tabs,
        "not_simulated": [asdict(each) for each in gaps],
        "scene": {
            "name": found.name,
            "title": found.title,
            "description": found.description,
            "width": found.width,
            "height": found.height,
            "frames": [_frame(each) for each in found.frames],
            "cards": [_card(each) for each in found.cards],
            "lines": [_line(each) for each in found.lines],
        },
    }


def state(sources: PictureSources) -> Json:
    """The health of each node, the rates of each arrow, and the closed ways."""
    parts = sources.parts
    blueprint, edge = parts.blueprint(), parts.edge()
    rates = sources.flow.look(blueprint, edge, sources.totals())
    return {
        "nodes": {node: asdict(health) for node, health in node_health(parts).items()},
        "arrows": [
            {
                "source": source,
                "target": target,
                "rate": round(rate.requests, 1),
                "errors": round(rate.errors, 1),
            }
            for (source, target), rate in rates.items()
        ],
        "enforce": sources.enforce,
        "closed": [
            {"source": source, "target": target, "why": why}
            for source, target, why in sources.closed()
        ],
    }


def _box(box: Any) -> dict[str, Json]:
    return {"x": box.x, "y": box.y, "w": box.width, "h": box.height}


def _frame(frame: Frame) -> Json:
    return {**_box(frame.box), "kind": frame.kind, "title": frame.title, "note": frame.note}


def _card(card: Card) -> Json:
    return {
        **_box(card.box),
        "id": card.id,
        "kind": card.kind,
        "title": card.title,
        "lines": list(card.lines),
        "icon": card.icon,
        "colour": card.colour,
    }


def _line(line: Line) -> Json:
    return {
        "source": line.source,
        "target": line.target,
        "style": line.style,
        "path": line.path,
        "label": line.label,
        "x": line.label_at[0],
        "y": line.label_at[1],
        "vertical": line.is_vertical,
    }
