"""Root modules: folders of Terraform that no other folder calls."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from bonkei.definitions.survey.tree import Tree
from bonkei.definitions.terraform.inputs.earlier import Earlier, remote_states

_SOURCE = re.compile(r'(?:^|[{\s])source\s*=\s*"(\.{1,2}(?:/[^"]*)?)"', re.MULTILINE)
_IS_ROOT = re.compile(r'^\s*(?:provider\s+"aws"|(?:backend\s+"\w+"|cloud)\s*\{)', re.MULTILINE)
_SERVICE = re.compile(r'"aws_ecs_service"|terraform-aws-modules/ecs')
_VARIABLE = re.compile(
    r'^\s*variable\s+"?([\w-]+)"?\s*\{([^\n]*(?=\}[ \t]*$)|.*?^\s*(?=\}))', re.MULTILINE | re.DOTALL
)
_TYPE = re.compile(r"^\s*type\s*=\s*(.+?)\s*$", re.MULTILINE)
_ASSIGNED = re.compile(r"^([\w-]+)\s*=", re.MULTILINE)
_READ = re.compile(r"\bdata\.terraform_remote_state\.([\w-]+)(?:\[\w+\])?\.outputs\.([\w-]+)")
_SAMPLES = {"examples", "example", "test", "tests", "fixtures"}
_NEAREST = ("local", "dev", "test", "stag", "prod")
"""The environments whose values a miniature wants first."""


@dataclass(frozen=True, slots=True)
class RootModule:
    """`runs`: whether it, or a module that it calls, has an ECS service. `variable_files`: those
    that Terraform does not load by itself, the likeliest first. `types`: those of the declared
    variables, as written. `remote_states`: a remote state's name -> the outputs that are read."""

    folder: PurePosixPath
    runs: bool
    variable_files: tuple[PurePosixPath, ...] = ()
    types: Mapping[str, str] = field(default_factory=dict)
    remote_states: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def root_modules(tree: Tree) -> list[RootModule]:
    """The root modules, the likeliest first: what runs, what is not a sample, what is near."""
    texts: dict[PurePosixPath, str] = {}
    for path, text in tree.items():
        if path.suffix == ".tf":
            texts[path.parent] = texts.get(path.parent, "") + text + "\n"
    calls = {folder: _called(folder, text) & texts.keys() for folder, text in texts.items()}
    called = {inner for found in calls.values() for inner in found}
    roots = [one for one in texts if one not in called or _IS_ROOT.search(texts[one])]
    found = [_root(one, {*roots} - {one}, _reached(one, calls), texts, tree) for one in roots]
    return sorted(found, key=_likelihood)


def with_earlier(chosen: RootModule, roots: Sequence[RootModule], base: Path) -> list[RootModule]:
    """The root modules whose outputs it reads, in the order of their applies, and itself at the
    end. A remote state that is one of them needs no outputs of the settings."""
    others = {str(one.folder): one for one in roots if one is not chosen}
    earlier = [Earlier(name, base / name, base) for name in others]
    needed: list[RootModule] = []
    outputs = dict(chosen.remote_states)
    for found in remote_states(base / chosen.folder).values():
        for state in found.values():
            if (one := state.among(earlier, base / chosen.folder)) is not None:
                rest = [each for each in roots if each is not chosen]
                needed += with_earlier(others[one.name], rest, base)
                outputs.pop(state.name, None)
    in_order = {each.folder: each for each in needed}
    return [*in_order.values(), replace(chosen, remote_states=outputs)]


def _likelihood(root: RootModule) -> tuple[bool, bool, int, str]:
    parts = root.folder.parts
    return (not root.runs, bool(_SAMPLES & {*parts}), len(parts), str(root.folder))


def _called(folder: PurePosixPath, text: str) -> set[PurePosixPath]:
    joined = (
        posixpath.normpath(posixpath.join(folder, source)) for source in _SOURCE.findall(text)
    )
    return {PurePosixPath(one) for one in joined}


def _reached(
    folder: PurePosixPath, calls: Mapping[PurePosixPath, set[PurePosixPath]]
) -> set[PurePosixPath]:
    reached, new = {folder}, {folder}
    while new:
        new = {inner for one in new for inner in calls[one]} - reached
        reached |= new
    return reached


def _root(
    folder: PurePosixPath,
    others: Collection[PurePosixPath],
    reached: Iterable[PurePosixPath],
    texts: Mapping[PurePosixPath, str],
    tree: Tree,
) -> RootModule:
    outputs: dict[str, dict[str, None]] = {}
    for name, output in (pair for one in reached for pair in _READ.findall(texts[one])):
        outputs.setdefault(name, {})[output] = None
    types = {
        name: found[1] if (found := _TYPE.search(body)) else "string"
        for name, body in _VARIABLE.findall(texts[folder])
    }
    return RootModule(
        folder,
        any(_SERVICE.search(texts[one]) for one in reached),
        tuple(_variable_files(folder, others, {*types}, tree)),
        types,
        {name: tuple(sorted(read)) for name, read in sorted(outputs.items())},
    )


def _variable_files(
    folder: PurePosixPath, others: Collection[PurePosixPath], declared: set[str], tree: Tree
) -> list[PurePosixPath]:
    """Files that assign only declared variables, and are not those of another root module."""
    found = []
    for path, text in tree.items():
        by_itself = path.name == "terraform.tfvars" or path.name.endswith(".auto.tfvars")
        is_own = path.parent not in others and not (by_itself and path.parent == folder)
        if path.suffix == ".tfvars" and is_own:
            assigned = {*_ASSIGNED.findall(text)}
            if assigned and assigned <= declared:
                found.append(path)
    return sorted(found, key=_distance)


def _distance(path: PurePosixPath) -> tuple[int, str]:
    text = str(path).lower()
    return next((i for i, name in enumerate(_NEAREST) if name in text), len(_NEAREST)), text
