"""Definitions as Terraform evaluates them: one whole life through the provider."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bonkei.blueprint import Blueprint, read
from bonkei.terraform import Workspace

ROOT = Path(__file__).resolve().parents[2]
INFRASTRUCTURE = ROOT / "infrastructure"
EXAMPLES = INFRASTRUCTURE / "environments"

State = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The results of plan, apply and a second plan, in this order. Also the workspace in its
    final state, and a copy of the state.
    """

    workspace: Workspace
    planned: int
    added: int
    planned_again: str
    state: State
    blueprint: Blueprint

    @property
    def outputs(self) -> dict[str, Any]:
        """The root module's outputs."""
        return {name: found["value"] for name, found in self.state["values"]["outputs"].items()}

    def values(self, kind: str) -> list[dict[str, Any]]:
        """The attributes of every resource and data source of a type."""
        return [r["values"] for r in self.resources() if r["type"] == kind]

    def resources(self) -> Iterator[dict[str, Any]]:
        """All resources, of every module."""
        return _resources(self.state["values"]["root_module"])


def _resources(module: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    yield from module.get("resources", ())
    for child in module.get("child_modules", ()):
        yield from _resources(child)


def evaluate(definitions: Path, home: Path, variable_files: Sequence[Path]) -> Evaluation:
    """Raises TerraformError when a step is refused."""
    workspace = Workspace(definitions, home, variable_files)
    planned = workspace.plan()
    applied = workspace.apply()
    state = workspace.state()
    return Evaluation(
        workspace=workspace,
        planned=planned.count("create"),
        added=applied.added,
        planned_again=workspace.plan().render(),
        state=state,
        blueprint=read(state),
    )
