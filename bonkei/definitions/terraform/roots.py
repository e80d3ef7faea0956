"""Several root modules of one stack, applied one after another.

Each has its own state. To everything else they are one: the address of a resource begins with the
path of its root module, as in "app/aws_vpc.this".
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from bonkei.base.folders import matching, text_of
from bonkei.definitions.refresh.observe import Observed
from bonkei.definitions.terraform.errors import Diagnostic, TerraformError
from bonkei.definitions.terraform.inputs.earlier import Earlier
from bonkei.definitions.terraform.inputs.selection import Selection
from bonkei.definitions.terraform.reports.changes import ApplySummary, PlanSummary
from bonkei.definitions.terraform.reports.messages import Report
from bonkei.definitions.terraform.reports.testing import TestReport, test_files
from bonkei.definitions.terraform.session import silent
from bonkei.definitions.terraform.workspace import Workspace

_EVERYTHING = Selection()
_VARIABLE = re.compile(r'^\s*variable\s+"([\w-]+)"', re.MULTILINE)
_FILES = ("source", "filename")
"""Arguments that may be a path relative to the root module."""


class Roots:
    """Does what a `Workspace` does, for all of them in their order. Every operation raises
    TerraformError, which names the root module."""

    def __init__(
        self,
        definitions: Path,
        folders: Sequence[Path],
        home: Path,
        make: Callable[[Path, Path, str, Sequence[Earlier]], Workspace],
    ) -> None:
        """`definitions` holds all `folders`. `make` makes the workspace of a folder, below a home,
        at a place there, and after others."""
        self.directory = definitions
        self._home = home
        self._make = make
        self._folders = {each.relative_to(definitions).as_posix(): each for each in folders}
        earlier: list[Earlier] = []
        self._roots: dict[str, Workspace] = {}
        for name in self._folders:
            made = self._roots[name] = self._made(name, home, earlier)
            earlier.append(Earlier(name, self._folders[name], made.state_file))
        self._earlier = earlier

    def validate(self) -> list[Diagnostic]:
        """Check the definitions without planning, and return the warnings."""
        found = []
        for name, root in self._roots.items():
            with _named(name):
                found += root.validate()
        return found

    def plan(
        self, selection: Selection = _EVERYTHING, *, observed: Observed | None = None
    ) -> PlanSummary:
        """Return the changes that `apply` would make. What a root module reads of an earlier one
        is what that one will have. `observed`: as for a `Workspace`."""
        changes, outside, outputs, warnings = [], [], [], list[Diagnostic]()
        with tempfile.TemporaryDirectory(prefix="bonkei-plan-") as made:
            earlier: list[Earlier] = []
            for name, own in self._selected(selection):
                root = self._made(name, self._home, earlier)
                with _named(name):
                    found = root.plan(own, observed=observed)
                    known = self._known(name)
                    if name != [*self._roots][-1] and not root.is_current():
                        known = self._rehearsed(name, Path(made, str(len(earlier))), earlier)
                earlier.append(known)
                changes += [one.in_root(name) for one in found.changes]
                outside += [one.in_root(name) for one in found.outside]
                outputs += [replace(one, name=f"{name}/{one.name}") for one in found.outputs]
                warnings += found.warnings
        return PlanSummary(
            tuple(changes), tuple(outputs), tuple(warnings), tuple(outside), observed is not None
        )

    def apply(
        self,
        progress: Report = silent,
        selection: Selection = _EVERYTHING,
        observed: Observed | None = None,
    ) -> ApplySummary:
        """Apply each that has changed, or all if others have changed something."""
        done = ApplySummary()
        for name, own in self._selected(selection):
            root = self._roots[name]
            if own == _EVERYTHING and root.is_current() and not observed:
                continue
            progress(f"{name}:")
            with _named(name):
                done = done.with_more(root.apply(progress, own, observed))
        return done

    def settle(self) -> None:
        """Wait until the processes of earlier applies have ended."""
        for root in self._roots.values():
            root.settle()

    def interrupt(self) -> None:
        """Let the running operation end with an error, and begin no other."""
        for root in self._roots.values():
            root.interrupt()

    def state(self) -> dict[str, Any]:
        """Return all states as one."""
        found = {name: root.state() for name, root in self._roots.items()}
        modules = [
            _prefixed(state["values"].get("root_module", {}), name, self._roots[name].directory)
            for name, state in found.items()
            if "values" in state
        ]
        first = next(iter(found.values()))
        if not modules:
            return first
        return {**first, "values": {"root_module": {"child_modules": modules}}}

    def written(self) -> Mapping[str, Any]:
        """Return Terraform's own files as one, each resource with its `root`."""
        return {
            "resources": [
                {**resource, "root": name}
                for name, root in self._roots.items()
                for resource in root.written().get("resources", ())
            ]
        }

    def outputs(self) -> Mapping[str, Any]:
        """What the last applies have put out."""
        return {
            f"{name}/{output}": value
            for name, root in self._roots.items()
            for output, value in root.outputs().items()
        }

    def is_current(self) -> bool:
        """Whether another apply changes nothing."""
        return all(root.is_current() for root in self._roots.values())

    def read_places(self) -> tuple[Path, ...]:
        """The folders and files whose change may change a plan."""
        return tuple(
            dict.fromkeys(place for each in self._roots.values() for place in each.read_places())
        )

    def fmt(self, *, check: bool = False) -> list[str]:
        """Format the definitions. Returns the names of the changed files."""
        return [
            f"{name}/{file}" for name, root in self._roots.items() for file in root.fmt(check=check)
        ]

    def test(
        self,
        report: Report = silent,
        files: Sequence[str] = (),
        selection: Selection = _EVERYTHING,
    ) -> TestReport:
        """Run the tests of each that has some, or only these files."""
        found = []
        for name, root in self._roots.items():
            own = [file.removeprefix(f"{name}/") for file in files if file.startswith(f"{name}/")]
            if own if files else test_files(self._folders[name]):
                with _named(name):
                    found.append(root.test(report, own, self._variables(name, selection)))
        if not found:
            names = ", ".join(self._roots)
            raise TerraformError(
                f"There are no such tests in {names}",
                remedy="write a *.tftest.hcl in one of them, or name one with its root module",
            )
        runs = tuple(run for each in found for run in each.runs)
        return TestReport(runs, tuple(one for each in found for one in each.diagnostics))

    def _made(self, name: str, home: Path, earlier: Sequence[Earlier]) -> Workspace:
        place = f"terraform/roots/{name.replace('/', '--')}"
        return self._make(self._folders[name], home, place, tuple(earlier))

    def _known(self, name: str) -> Earlier:
        return next(each for each in self._earlier if each.name == name)

    def _rehearsed(self, name: str, home: Path, earlier: Sequence[Earlier]) -> Earlier:
        """The root module after an apply that only a plan sees. It begins with the present state,
        so that what exists keeps its ids."""
        made = self._made(name, home, earlier)
        now = self._roots[name].state_file
        if now.is_file():
            made.state_file.parent.mkdir(parents=True, mode=0o700)
            shutil.copy2(now, made.state_file)
        if (secrets := self._home / "secrets").is_dir():
            shutil.copytree(secrets, home / "secrets")
        made.apply()
        return replace(self._known(name), state_file=made.state_file)

    def _selected(self, selection: Selection) -> Iterator[tuple[str, Selection]]:
        """Each root module that is meant, with its own part of the selection."""
        wanted = (*selection.targets, *selection.replacements)
        for address in wanted:
            if not any(address.startswith(f"{name}/") for name in self._roots):
                first = next(iter(self._roots))
                raise TerraformError(
                    f"{address} names none of the root modules {', '.join(self._roots)}",
                    remedy=f"begin the address with one: {first}/{address}",
                )
        for name in self._roots:
            own = replace(
                self._variables(name, selection),
                targets=_of(name, selection.targets),
                replacements=_of(name, selection.replacements),
            )
            if own.targets or own.replacements or not wanted:
                yield name, own

    def _variables(self, name: str, selection: Selection) -> Selection:
        """With the values of variables that it declares: Terraform refuses others."""
        texts = (text_of(file) or "" for file in matching(self._folders[name], "*.tf"))
        declared = {variable for text in texts for variable in _VARIABLE.findall(text)}
        given = [pair for pair in selection.variables if pair.partition("=")[0] in declared]
        return replace(selection, variables=tuple(given))


def _of(name: str, addresses: Sequence[str]) -> tuple[str, ...]:
    begin = f"{name}/"
    return tuple(each.removeprefix(begin) for each in addresses if each.startswith(begin))


def _prefixed(module: Mapping[str, Any], name: str, directory: Path) -> dict[str, Any]:
    """A module of a state with the addresses that it has among several root modules."""
    prefixed = dict(module)
    if "address" in module:
        prefixed["address"] = f"{name}/{module['address']}"
    prefixed["resources"] = [
        {
            **resource,
            "address": f"{name}/{resource['address']}",
            "values": {**resource["values"], **_placed(resource["values"], directory)},
        }
        for resource in module.get("resources", ())
    ]
    children = module.get("child_modules", ())
    prefixed["child_modules"] = [_prefixed(child, name, directory) for child in children]
    return prefixed


def _placed(values: Mapping[str, Any], directory: Path) -> dict[str, str]:
    """Paths of files, which are relative to their root module."""
    given = {key: values.get(key) for key in _FILES}
    return {
        key: str(directory / path)
        for key, path in given.items()
        if isinstance(path, str) and path and (directory / path).is_file()
    }


@contextmanager
def _named(name: str) -> Iterator[None]:
    try:
        yield
    except TerraformError as error:
        raise TerraformError(
            f"{name}: {error.message}", remedy=error.remedy, diagnostics=error.diagnostics
        ) from error
