"""The line of Terraform behind each step of an explanation."""

from __future__ import annotations

from pathlib import Path

from bonkei.definitions.sources import Sources
from bonkei.services.edge.explain import Place


class Places:
    """Reads the present files. `definitions`: the root module's folder. Paths are shown relative to
    `root`."""

    def __init__(self, definitions: Path, root: Path) -> None:
        self._sources = Sources(definitions)
        self._root = root
        self._known: dict[Place, str] = {}

    def line(self, place: Place) -> str:
        """`file:line`; empty where it is not known."""
        if not place.address:
            return ""
        if place not in self._known:
            self._known[place] = self._find(place)
        return self._known[place]

    def _find(self, place: Place) -> str:
        found = self._sources.place(place.address, place.attribute, place.text)
        if found is None:
            return ""
        try:
            return f"{found.file.relative_to(self._root.resolve()).as_posix()}:{found.line}"
        except ValueError:
            return f"{found.file.as_posix()}:{found.line}"
