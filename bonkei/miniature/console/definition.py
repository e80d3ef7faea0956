"""A resource's place in the definitions, and its evaluated values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from bonkei.blueprint import Blueprint
from bonkei.definitions.sources import Sources
from bonkei.miniature.console.estate import Estate, Estates
from bonkei.services.console import Console, ConsoleError, Json


def offer_definition(
    console: Console,
    blueprint: Callable[[], Blueprint],
    estates: Estates,
    definitions: Path,
    root: Path,
) -> None:
    """The topic `definition` of an `address`. Files are named relative to `root`."""

    async def topic(query: Mapping[str, str]) -> Json:
        now = blueprint()
        estate = await estates.of(now)
        return definition(query.get("address", ""), now, estate, definitions, root)

    console.topics({"definition": topic})


def definition(
    address: str, blueprint: Blueprint, estate: Estate, definitions: Path, root: Path
) -> Json:
    """Raises ConsoleError if nothing has that address."""
    if address not in estate.resources:
        raise ConsoleError(
            f"the definitions have no {address}", remedy="see `bonkei apply`: it may be new"
        )
    resource = estate.resources[address]
    place = Sources(definitions).place(address)
    gaps = [
        {"title": gap.kind, "reason": gap.reason}
        for gap in blueprint.not_simulated
        if gap.address == address or (not gap.address and gap.kind == resource.type)
    ]
    return {
        "address": address,
        "type": resource.type,
        "mode": resource.mode,
        "file": _named(place.file, root) if place is not None else "",
        "path": str(place.file) if place is not None else "",
        "line": place.line if place is not None else 0,
        "values": [[name, value] for name, value in estate.values(address)],
        "not_simulated": gaps,
    }


def _named(file: Path, root: Path) -> str:
    return str(file.relative_to(root)) if file.is_relative_to(root) else str(file)
