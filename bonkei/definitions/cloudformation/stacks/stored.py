"""The stacks' resources as Terraform has them. Commands can read them without loading the
engine."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from bonkei.blueprint.state import Resource
from bonkei.definitions.cloudformation.stacks.store import FileStore
from bonkei.definitions.cloudformation.stacks.values import Stack, address_of


def resources_of(stacks: Iterable[Stack]) -> Iterator[Resource]:
    """The stacks' resources in the form of Terraform's state."""
    for stack in stacks:
        for each in stack.existing:
            for kind, values in each.state:
                yield Resource(address_of(stack, each), values, type=kind)


def stacked(directory: Path) -> tuple[Resource, ...]:
    """The resources of the stacks below a home, whether a miniature runs or not."""
    return tuple(resources_of(FileStore(directory).load()))
