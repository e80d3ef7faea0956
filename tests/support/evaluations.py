"""Definitions as Terraform evaluates them, made once for all workers."""

from __future__ import annotations

import pickle
import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sharing import alone, shared_folder

from bonkei.blueprint import Blueprint, read
from bonkei.definitions.terraform.workspace import Workspace

ROOT = Path(__file__).resolve().parents[2]
INFRASTRUCTURE = ROOT / "infrastructure"
EXAMPLES = INFRASTRUCTURE / "environments"

State = Mapping[str, Any]

DEVELOPMENT = (
    "development",
    INFRASTRUCTURE,
    (EXAMPLES / "development.tfvars", ROOT / "miniature.tfvars"),
)
"""The evaluation that `bonkei up` needs: its name, the definitions and the variables."""
PRODUCTION = ("production", INFRASTRUCTURE, (EXAMPLES / "production.tfvars",))

_PROGRESS = re.compile(r"\d+ of (\d+) resources")


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The results of apply and of a plan after it. Also the workspace in its final state, and a
    copy of the state. `planned`: resources in the plan before the apply, or in the apply's own.
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


def evaluate(
    name: str,
    factory: pytest.TempPathFactory,
    definitions: Path,
    variables: Sequence[Path | str],
    *,
    plans: bool = False,
) -> Evaluation:
    """The evaluation of this name, in a home of its own. `variables`: files, or what is in one.
    `plans`: plan before the apply, too. An apply plans by itself, and says how much.

    It costs ten seconds of a processor, so the first worker that asks makes it for all: any that
    comes later takes a copy of its home. Raises TerraformError when a step is refused.
    """
    shared = shared_folder(name, factory)
    home = factory.mktemp(name) / "home"
    with alone(shared):
        files = [_file(shared / f"{n}.tfvars", each) for n, each in enumerate(variables)]
        put_initialized(shared / "home", definitions, factory)
        there = Workspace(definitions, shared / "home", files)
        planned, added = _once(shared / "applied", lambda: _apply(there, plans))
        again = _once(shared / "again", lambda: there.plan().render())
        shutil.copytree(shared / "home", home, symlinks=True)
    workspace = Workspace(definitions, home, files)
    state = workspace.state()
    return Evaluation(workspace, planned, added, again, state, read(state))


def put_applied(
    home: Path, name: str, make: Callable[[Path], Workspace], factory: pytest.TempPathFactory
) -> None:
    """Put the evaluation of this name into `home`, as an apply has left it. `make`: its workspace
    in a home.
    """
    shared = shared_folder(name, factory)
    there = make(shared / "home")
    with alone(shared):
        _once(shared / "applied", lambda: _apply(there, plans=False))
        shutil.copytree(shared / "home", home, symlinks=True, dirs_exist_ok=True)


def put_initialized(
    home: Path, definitions: Path, factory: pytest.TempPathFactory, name: str = ""
) -> None:
    """Put into a new home what an init of these definitions makes. It also serves their copies, and
    whatever has this name and calls the same modules and providers.
    """
    if home.exists():
        return
    shared = shared_folder(f"init-of-{name or definitions.name}", factory)
    with alone(shared):
        _once(shared / "made", lambda: _initialize(Workspace(definitions, shared / "home")))
        shutil.copytree(shared / "home", home, symlinks=True)


def _initialize(workspace: Workspace) -> None:
    with workspace._place.session(workspace._home):
        pass  # it begins with an init


def _once(said: Path, make: Callable[[], Any]) -> Any:
    """What `make` has returned to the first that asked."""
    if not said.exists():
        said.write_bytes(pickle.dumps(make()))
    return pickle.loads(said.read_bytes())  # noqa: S301 -- our own


def _file(place: Path, variables: Path | str) -> Path:
    if isinstance(variables, str) and not place.exists():
        place.write_text(variables, encoding="utf-8")
    return place if isinstance(variables, str) else variables


def _apply(workspace: Workspace, plans: bool) -> tuple[int, int]:
    """How many resources are planned, and how many are added."""
    planned = workspace.plan().count("create") if plans else None
    said: list[str] = []
    added = workspace.apply(said.append).added
    return _planned(said) if planned is None else planned, added


def _planned(said: Sequence[str]) -> int:
    """The number of planned resources in an apply's progress ("25 of 260 resources")."""
    numbers = [int(found[1]) for line in said if (found := _PROGRESS.fullmatch(line))]
    return numbers[-1] if numbers else 0
