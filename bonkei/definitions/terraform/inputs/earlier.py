"""Which root module's outputs a `terraform_remote_state` reads.

On AWS the states of a stack's root modules are in one bucket, each under its key, and a data source
names the other's key. Here each state is a file, so the key, the path or the workspace that both
name tells which file is meant.
https://developer.hashicorp.com/terraform/language/state/remote-state-data
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bonkei.base.folders import below, matching, text_of

_REMOTE_STATE = re.compile(
    r'^data\s+"terraform_remote_state"\s+"([\w-]+)"\s*\{(.*?)^\}', re.MULTILINE | re.DOTALL
)
_BACKEND = re.compile(r'^\s*(?:backend\s+"\w+"|cloud)\s*\{(.*?)^\}', re.MULTILINE | re.DOTALL)
_PLACE = re.compile(r'\b(?:key|path|prefix|name)\s*=\s*"([^"\n]+)"')
_INSERTED = re.compile(r"\$\{.*?\}")
_FOLDER = re.compile(r"^\$\{path\.(?:module|root|cwd)\}/?")
_OUTPUT = re.compile(r'^\s*output\s+"([\w-]+)"', re.MULTILINE)
_LOCALS = re.compile(r"^locals\s*\{(.*?)^\}", re.MULTILINE | re.DOTALL)
_DEEPEST = 5
"""How many local values one after another are followed."""
_LOCAL = re.compile(r'^\s*([\w-]+)\s*=\s*"([^"\n]*)"\s*$', re.MULTILINE)
_IN_TEXT = re.compile(r"\$\{\s*local\.([\w-]+)\s*\}")
_ALONE = re.compile(r"=\s*local\.([\w-]+)(?![\w.\[-])")
_WORD = re.compile(r"[\w-]+")


@dataclass(frozen=True, slots=True)
class Earlier:
    """A root module that is applied before. `name` is its path below the folder of all."""

    name: str
    folder: Path
    state_file: Path

    def places(self) -> set[str]:
        """Where its own backend keeps its state: keys, paths and names."""
        found = _BACKEND.findall(self._text())
        return {place for block in found for place in _PLACE.findall(block)}

    def outputs(self) -> set[str]:
        return {*_OUTPUT.findall(self._text())}

    def _text(self) -> str:
        return "\n".join(text_of(file) or "" for file in matching(self.folder, "*.tf"))


@dataclass(frozen=True, slots=True)
class RemoteState:
    """A data source of that type. `places` are those in its block, and `outputs` those that are
    read."""

    name: str
    places: tuple[str, ...]
    outputs: frozenset[str]

    def among(self, earlier: Sequence[Earlier], root: Path) -> Earlier | None:
        """The one that it means, from the surest sign to the weakest. `root`: who reads."""
        signs: tuple[Callable[[Earlier], bool], ...] = (
            self._has_its_place,
            lambda one: self._is_inside(one, root),
            self._is_called,
            lambda one: bool(self.outputs) and self.outputs <= one.outputs(),
        )
        for sign in signs:
            if len(found := [one for one in earlier if sign(one)]) == 1:
                return found[0]
        return None

    def _has_its_place(self, one: Earlier) -> bool:
        return any(_fits(place, each) for place in self.places for each in one.places())

    def _is_inside(self, one: Earlier, root: Path) -> bool:
        paths = ((root / _FOLDER.sub("", place)).resolve() for place in self.places)
        return any(path.parent == one.folder for path in paths)

    def _is_called(self, one: Earlier) -> bool:
        words = {word for place in self.places for word in _WORD.findall(_INSERTED.sub("/", place))}
        return Path(one.name).name.replace("-", "_") in {
            word.replace("-", "_") for word in (self.name, *words)
        }


def remote_states(folder: Path) -> Mapping[Path, Mapping[str, RemoteState]]:
    """Each module's directory with the remote states in it."""
    texts: dict[Path, str] = defaultdict(str)
    for file in below(folder, ".tf"):
        texts[file.parent] += (text_of(file) or "") + "\n"
    return {
        inner: {name: _described(name, block, text) for name, block in _REMOTE_STATE.findall(text)}
        for inner, text in texts.items()
    }


def _described(name: str, block: str, text: str) -> RemoteState:
    read = re.findall(rf"\.terraform_remote_state\.{name}(?:\[[^\]]*\])?\.outputs\.([\w-]+)", text)
    texts = dict(_LOCAL.findall("\n".join(_LOCALS.findall(text))))
    return RemoteState(name, tuple(_PLACE.findall(_with_locals(block, texts))), frozenset(read))


def _with_locals(text: str, texts: Mapping[str, str]) -> str:
    """A text with local values that are texts in their places. One may be made of others."""
    quoted = {name: f'= "{value}"' for name, value in texts.items()}
    for _ in range(_DEEPEST):
        text = _IN_TEXT.sub(lambda found: texts.get(found[1], found[0]), text)
        text = _ALONE.sub(lambda found: quoted.get(found[1], found[0]), text)
    return text


def _fits(place: str, other: str) -> bool:
    """Whether they are the same, where a place may have parts that Terraform inserts."""
    parts = (re.escape(part) for part in _INSERTED.split(place))
    return re.fullmatch("[^/]+".join(parts), other) is not None
