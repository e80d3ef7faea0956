"""Terragrunt's units as root modules, without its binary.

Each `terragrunt.hcl` becomes a folder below the home: the unit's source as a module, its inputs as
the module's arguments, and its dependencies as remote states. Terraform evaluates all expressions,
so that only Terragrunt's own functions are replaced in their texts. `remote_state` is read over:
states are files here.
https://terragrunt.gruntwork.io/docs/reference/hcl
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeAlias

from bonkei.base.folders import below, bytes_of, matching, text_of
from bonkei.definitions.terraform.errors import TerraformError, relative
from bonkei.definitions.terraform.inputs.hcl import Item, items

_FILE = "terragrunt.hcl"
_TREE = "tree"
"""The link to the project, or to what was fetched, in a unit's folder: the paths between its
modules stay as they are."""
Fetch: TypeAlias = Callable[[str], tuple[Path, Path]]
"""Fetches a source from elsewhere: its root, and the module's folder in it. TerraformError."""
_ELSEWHERE = re.compile(r"\w+::|\w+://|git@|[\w-]+(\.[\w-]+)+/")
_READ_OVER = frozenset(
    {
        "dependencies", "download_dir", "errors", "exclude", "iam_role", "prevent_destroy",
        "remote_state", "retry_max_attempts", "retry_sleep_interval_sec", "retryable_errors",
        "skip", "terraform_version_constraint", "terragrunt_version_constraint",
    }
)  # fmt: skip
_MOST_FILES = 100  # of one unit
_READ = frozenset({"locals", "inputs", "include", "dependency", "generate", "terraform"})
_TEXT = r'"(?:[^"\\]|\\.)*"'
_CALL = re.compile(
    r"\b(find_in_parent_folders|path_relative_to_include|get_terragrunt_dir|get_repo_root"
    r"|get_original_terragrunt_dir|get_parent_terragrunt_dir|get_env|read_terragrunt_config"
    r"|dirname)"
    rf"\(\s*((?:{_TEXT}\s*,?\s*)*)\)"
)
_NOT_KNOWN = re.compile(
    r"\b(run_cmd|sops_decrypt_file|path_relative_from_include|get_\w+|find_in_parent_folders"
    r"|path_relative_to_include|read_terragrunt_config|mark_as_read|constraint_check)\("
)
_WHOLE = re.compile(r'\$\{\s*("(?:[^"\\$]|\\.)*")\s*\}')
_BARE = re.compile(rf"{_TEXT}|\$\{{([^{{}}]*)\}}")
"""What a template inserts outside of a text: there Terraform takes the expression alone."""
_LOCAL = re.compile(r"(?<![\w.])local\.([\w-]+)")
_INCLUDED = re.compile(r"(?<![\w.])include(?:\.([\w-]+))?\.(locals|inputs)\b")
_DEPENDENCY = re.compile(r"(?<![\w.])dependency\.([\w-]+)\.(\w+)")
_APPLIES = re.compile(r'"(?:all|apply|all_except_output)"')
_IN_TEXT = re.compile(r"\$\{\s*local\.([\w-]+)\s*\}")


@dataclass(slots=True)
class _Part:
    """One file of a unit. `number` tells its local values from those of others."""

    file: Path
    number: int
    folder: Path  # of the unit, or of a file that is only read
    included: dict[str, _Part] = field(default_factory=dict)
    inputs: str = "{}"
    source: Item | None = None


class _Unit:
    """Reads one unit with all files that it names."""

    def __init__(
        self,
        file: Path,
        units: Sequence[Path],
        project: Path,
        environment: Mapping[str, str],
        fetch: Fetch,
    ) -> None:
        self._fetch = fetch
        self.folder, self.file, self._units = file.parent, file, units
        self._project, self._environment = project, environment
        self._count = 0
        self.locals: dict[str, str] = {}
        self.needs: dict[str, Path] = {}
        self._mocks: dict[str, str] = {}
        self.generated: dict[str, str] = {}
        self.part = self._read(file, self.folder)

    def _read(self, file: Path, folder: Path) -> _Part:
        text = text_of(file)
        if text is None:
            raise TerraformError(f"{relative(file)} is not there, which {self.file} reads")
        part = _Part(file, self._count, folder)
        self._count += 1
        if self._count > _MOST_FILES:
            raise _refused(file, 1, "a file that reads itself, also through others,")
        found = list(items(text))
        for item in sorted(found, key=_turn):
            if item.name not in _READ | _READ_OVER:
                raise _refused(file, item.line, f"`{item.name}` of Terragrunt")
            self._take(part, item)
        mine = [name for name in self.locals if name.startswith(f"t{part.number}_")]
        pairs = (f"{json.dumps(name.partition('_')[2])} = local.{name}" for name in mine)
        self.locals[f"t{part.number}"] = "{\n" + "\n".join(pairs) + "\n}"
        self.locals[f"i{part.number}"] = part.inputs
        return part

    def _take(self, part: _Part, item: Item) -> None:
        inner = {
            each.name: replace(each, line=item.line + each.line - 1)
            for each in (items(item.text) if item.is_block else ())
        }
        match item.name:
            case "include" | "dependency" | "dependencies":
                self._relate(part, item, inner)
            case "locals":
                for each in inner.values():
                    text = self._expression(part, each.text, each.line)
                    self.locals[f"t{part.number}_{each.name}"] = text
            case "inputs":
                part.inputs = self._expression(part, item.text, item.line)
            case "terraform":
                if others := inner.keys() - {"source"}:
                    raise _refused(part.file, item.line, f"`{min(others)}` in `terraform`")
                part.source = inner.get("source")
            case "generate":
                text = self._content(part, _given(part, item, inner, "contents"), item.line)
                self.generated[item.labels[0]] = text

    def _relate(self, part: _Part, item: Item, inner: Mapping[str, Item]) -> None:
        """Other files of the unit, and other units."""
        label = item.labels[0] if item.labels else ""
        if item.name == "include":
            merged = inner.get("merge_strategy")
            if merged and merged.text not in {'"shallow"', '"no_merge"'}:
                raise _refused(part.file, item.line, f"merge_strategy {merged.text}")
            path = self._path(part, _given(part, item, inner, "path"), item.line)
            part.included[label] = self._read(path, part.folder)
        elif item.name == "dependency":
            self.needs[label] = self._path(
                part, _given(part, item, inner, "config_path"), item.line
            )
            if mock := inner.get("mock_outputs"):
                self._mocks[label] = self._expression(part, mock.text, item.line)
        else:
            for path in re.findall(_TEXT, _given(part, item, inner, "paths").text):
                self.needs[f"_{len(self.needs)}"] = (part.folder / path.strip('"')).resolve()

    def _content(self, part: _Part, contents: Item, line: int) -> str:
        """A file's text, whose insertions Terraform evaluates where they stand."""
        heredoc = re.match(r"<<-?(\w+)\n(.*)\n[ \t]*\1\s*$", contents.text, re.DOTALL)
        if heredoc is None:
            raise _refused(part.file, line, "`contents` that is not a heredoc")
        return self._expression(part, _BARE.sub(lambda each: each[1] or each[0], heredoc[2]), line)

    def _expression(self, part: _Part, text: str, line: int) -> str:
        """The text with Terraform's means instead of Terragrunt's."""
        text, before = _LOCAL.sub(rf"local.t{part.number}_\1", text), ""
        while before != text:  # a call may be the argument of another one
            before = text
            text = _WHOLE.sub(lambda found: found[1][1:-1], self._called(part, text, line))
        if unknown := _NOT_KNOWN.search(text):
            raise _refused(part.file, line, f"{unknown[1]}() of Terragrunt, as it is called here,")
        text = _INCLUDED.sub(lambda found: self._included(part, found, line), text)
        return _DEPENDENCY.sub(lambda found: self._depended(part, found, line), text)

    def _called(self, part: _Part, text: str, line: int) -> str:
        def replaced(found: re.Match[str]) -> str:
            given = [json.loads(each) for each in re.findall(_TEXT, found[2])]
            if any("${" in each for each in given):
                return found[0]
            return self._value(part, found[1], given, line)

        return _CALL.sub(replaced, text)

    def _value(self, part: _Part, name: str, given: Sequence[str], line: int) -> str:
        folder, where = part.folder, part.file
        match name:
            case "find_in_parent_folders":
                return json.dumps(self._above(part, given, line))
            case "get_env":
                value = self._environment.get(given[0], given[1] if len(given) > 1 else None)
                if value is None:
                    raise _refused(where, line, f"get_env of {given[0]}, which is not set,")
                return json.dumps(value)
            case "read_terragrunt_config":
                path = (folder / given[0]).resolve()
                read = self._read(path, path.parent)
                return f"({{ locals = local.t{read.number}, inputs = local.i{read.number} }})"
            case "dirname":
                return json.dumps(os.path.dirname(given[0]))  # noqa: PTH120 - of any text
            case "path_relative_to_include":
                return json.dumps(os.path.relpath(folder, where.parent))
        places = {"get_parent_terragrunt_dir": where.parent, "get_repo_root": self._project}
        return json.dumps(str(places.get(name, folder)))

    @staticmethod
    def _above(part: _Part, given: Sequence[str], line: int) -> str:
        wanted = given[0] if given else _FILE
        for above in part.folder.parents:
            if (above / wanted).exists():
                return str(above / wanted)
        if len(given) > 1:
            return given[1]
        what = f"{wanted}, which no folder above {relative(part.folder)} has,"
        raise _refused(part.file, line, what)

    def _included(self, part: _Part, found: re.Match[str], line: int) -> str:
        other = part.included.get(found[1] or "")
        if other is None:
            raise _refused(part.file, line, f"{found[0]}: there is no such include, so it")
        return f"local.{'t' if found[2] == 'locals' else 'i'}{other.number}"

    def _depended(self, part: _Part, found: re.Match[str], line: int) -> str:
        if found[2] != "outputs" or found[1] not in self.needs:
            raise _refused(part.file, line, found[0])
        if self.needs[found[1]] / _FILE not in self._units:
            if found[1] not in self._mocks:
                what = f"{found[0]}, which is outside of `definitions` and has no mock_outputs,"
                raise _refused(part.file, line, what)
            return f"({self._mocks[found[1]]})"
        return f"data.terraform_remote_state.{found[1]}.outputs"

    def _path(self, part: _Part, item: Item, line: int) -> Path:
        return (part.folder / self.text(part, item.text, line)).resolve()

    def text(self, part: _Part, written: str, line: int) -> str:
        """An expression that is a text, with local values that are texts."""
        text = self._expression(part, written, line)
        for _ in range(5):
            text = _IN_TEXT.sub(lambda found: self.locals.get(found[1], "${}")[1:-1], text)
        if not re.fullmatch(_TEXT, text) or "${" in text:
            raise _refused(part.file, line, f"{written}: only a text")
        return str(json.loads(text))

    def parts(self) -> Iterator[_Part]:
        """The unit's file, and those that it includes."""
        yield from (self.part, *self.part.included.values())

    def module(self) -> tuple[Path, Path] | None:
        """The folder of its module, below that of the project or of what was fetched; None for a
        file that others include."""
        for part in self.parts():
            if part.source is not None:
                return self._sourced(part, part.source)
        return (self._project, self.folder) if matching(self.folder, "*.tf") else None

    def _sourced(self, part: _Part, source: Item) -> tuple[Path, Path]:
        written = self.text(part, source.text, source.line)
        folder = (self.folder / written.replace("//", "/")).resolve()
        if folder.is_dir() and folder.is_relative_to(self._project):
            return self._project, folder
        if not _ELSEWHERE.match(written):
            what = f"the source {written}, which is not a folder of this project,"
            raise _refused(part.file, source.line, what)
        try:
            return self._fetch(written)
        except TerraformError as error:
            place = f"{relative(part.file)}:{source.line}"
            raise TerraformError(f"{place}: {error.message}", remedy=error.remedy) from None


def _turn(item: Item) -> int:
    """Later items of a file use earlier ones, wherever they are written."""
    order = ("include", "locals", "dependency")
    return order.index(item.name) if item.name in order else len(order)


def _given(part: _Part, item: Item, inner: Mapping[str, Item], name: str) -> Item:
    if name not in inner:
        raise _refused(part.file, item.line, f"`{item.name}` without `{name}`")
    return inner[name]


def is_tree(definitions: Path) -> bool:
    """Whether the folder holds Terragrunt's units, and is not a root module."""
    return not matching(definitions, "*.tf") and bool(_files(definitions))


def _files(definitions: Path) -> list[Path]:
    """Those of units. A file above others that includes nothing is what they include."""
    found = [
        each
        for each in below(definitions, _FILE)
        if each.name == _FILE and ".terragrunt-cache" not in each.parts
    ]
    above = {folder for each in found for folder in each.parent.parents}
    return sorted(each for each in found if each.parent not in above or _includes(each))


def _is_excluded(file: Path) -> bool:
    """Whether the unit's own file says `skip = true`, or excludes it from an apply. That does not
    count for what includes the file."""
    own = {item.name: item for item in items(text_of(file) or "")}
    values = {each.name: each.text for each in items(own["locals"].text)} if "locals" in own else {}
    wanted = [own["skip"]] if "skip" in own else []
    if "exclude" in own:
        inner = {each.name: each for each in items(own["exclude"].text)}
        if "actions" in inner and "if" in inner and _APPLIES.search(inner["actions"].text):
            wanted.append(replace(inner["if"], line=own["exclude"].line))
    return any(_is_true(file, item, values) for item in wanted)


def _is_true(file: Path, item: Item, values: Mapping[str, str]) -> bool:
    """A literal, or a local value that is one."""
    text = item.text.strip()
    literal = values.get(text.removeprefix("local."), text).strip()
    if literal not in ("true", "false"):
        raise _refused(file, item.line, f"{item.name} = {text}, which is neither true nor false,")
    return literal == "true"


def _includes(file: Path) -> bool:
    return any(item.name == "include" for item in items(text_of(file) or ""))


def write_roots(
    definitions: Path, project: Path, target: Path, environment: Mapping[str, str], fetch: Fetch
) -> list[Path]:
    """Write the units below `target`. The result is their folders, in the order of their
    applies."""
    units = {}
    files = [each for each in _files(definitions) if not _is_excluded(each)]
    for file in files:
        unit = _Unit(file, files, project, environment, fetch)
        if (module := unit.module()) is not None:
            units[file.parent] = unit, module
    places = {each: target / each.relative_to(definitions) for each in units}
    for folder, (unit, module) in units.items():
        _write(unit, module, places[folder], places)
    return [
        places[each] for each in _in_order({f: {*u.needs.values()} for f, (u, _) in units.items()})
    ]


def _in_order(needs: Mapping[Path, set[Path]]) -> list[Path]:
    done: list[Path] = []
    while len(done) < len(needs):
        ready = [f for f in needs if f not in done and not (needs[f] & needs.keys()) - {*done}]
        if not ready:
            left = ", ".join(relative(each) for each in needs if each not in done)
            raise TerraformError(f"these units depend on each other: {left}")
        done += ready
    return done


def _write(
    unit: _Unit, module: tuple[Path, Path], place: Path, places: Mapping[Path, Path]
) -> None:
    place.mkdir(parents=True, exist_ok=True)
    link, (tree, folder) = place / _TREE, module
    if not link.is_symlink() or link.readlink() != tree:
        link.unlink(missing_ok=True)
        link.symlink_to(tree)
    wanted = {f"{name}.tf": text for name, text in unit.generated.items()}
    wanted["main.tf"] = _main(unit, folder, place, tree, places)
    for name in {each.name for each in matching(place, "*.tf")} - wanted.keys():
        (place / name).unlink()
    for name, text in wanted.items():
        if text_of(place / name) != text:
            (place / name).write_text(text, encoding="utf-8")


def _main(unit: _Unit, module: Path, place: Path, tree: Path, places: Mapping[Path, Path]) -> str:
    files = matching(module, "*.tf")
    digest = hashlib.sha256(b"".join(bytes_of(file) or b"" for file in files)).hexdigest()
    found = [item for file in files for item in items(text_of(file) or "") if item.is_block]
    inputs = ", ".join(f"local.i{each.number}" for each in reversed([*unit.parts()]))
    lines = [f"# Of {unit.file}, with the module {digest[:16]}", "locals {"]
    lines += [f"{name} = {text}" for name, text in unit.locals.items()]
    lines += [f"inputs = merge({inputs})", "}"]
    for name, folder in unit.needs.items():
        if folder in places and not name.startswith("_"):
            path = f"{os.path.relpath(places[folder], place)}/terraform.tfstate"
            lines += [f'data "terraform_remote_state" "{name}" {{', '  backend = "local"']
            lines += [f'  config  = {{ path = "${{path.module}}/{path}" }}', "}"]
    source = json.dumps(f"./{_TREE}/{module.relative_to(tree).as_posix()}")
    lines += ['module "unit" {', f"source = {source}"]
    for each in found:
        if each.name == "variable":
            name, inner = each.labels[0], {one.name: one.text for one in items(each.text)}
            value = f"local.inputs[{json.dumps(name)}]"
            if "default" in inner:
                value = f"try({value}, {inner['default']})"
            lines.append(f"{name} = {value}")
    lines.append("}")
    for each in found:
        if each.name == "output":
            is_secret = any(
                one.name == "sensitive" and one.text == "true" for one in items(each.text)
            )
            lines += [f'output "{each.labels[0]}" {{', f"value = module.unit.{each.labels[0]}"]
            lines += [f"sensitive = {str(is_secret).lower()}", "}"]
    return "\n".join(lines) + "\n"


def _refused(file: Path, line: int, what: str) -> TerraformError:
    return TerraformError(
        f"{relative(file)}:{line}: {what} is not understood here",
        remedy="name the root modules in `definitions` of bonkei.toml, with variable files",
    )
