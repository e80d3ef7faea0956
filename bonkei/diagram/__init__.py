"""Pictures of the architecture. They are drawn from the blueprint, so they stay equal to it."""

from bonkei.diagram.draw import draw
from bonkei.diagram.mermaid import render_mermaid
from bonkei.diagram.model import Diagram
from bonkei.diagram.page import update_page
from bonkei.diagram.scene import Scene, stage
from bonkei.diagram.svg import render_svg

__all__ = ["Diagram", "Scene", "draw", "render_mermaid", "render_svg", "stage", "update_page"]
