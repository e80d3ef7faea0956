"""Pictures of the architecture. They are drawn from the blueprint, so they stay equal to it."""

from bonkei.analysis.diagram.draw import draw
from bonkei.analysis.diagram.mermaid import render_mermaid
from bonkei.analysis.diagram.model import Diagram
from bonkei.analysis.diagram.page import update_page
from bonkei.analysis.diagram.scene import Scene, stage
from bonkei.analysis.diagram.svg import render_svg

__all__ = ["Diagram", "Scene", "draw", "render_mermaid", "render_svg", "stage", "update_page"]
