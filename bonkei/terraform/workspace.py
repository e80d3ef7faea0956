"""Terraform on one directory of definitions, with everything it writes below the home."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bonkei.terraform.errors import (
    Diagnostic,
    TerraformError,
    read_diagnostic,
    refused,
    unexplained,
)
from bonkei.terraform.explanations import constraints
from bonkei.terraform.explanations.explain import explain
from bonkei.terraform.inputs import selection as selections
from bonkei.terraform.inputs import stamps
from bonkei.terraform.inputs.elsewhere import Elsewhere, check_existing, place_remote_states
from bonkei.terraform.inputs.fingerprint import fingerprint
from bonkei.terraform.inputs.mirror import Mirror, require_definitions
from bonkei.terraform.inputs.selection import Selection
from bonkei.terraform.reports.changes import ApplySummary, PlanSummary, read_plan
from bonkei.terraform.reports.messages import Listener, Report
from bonkei.terraform.reports.testing import TestListener, TestReport, test_files
from bonkei.terraform.runs import run as runs
from bonkei.terraform.runs.provider_process import ProviderProcess, ProviderSurroundings
from bonkei.terraform.state.account import Account
from bonkei.terraform.state.backend import Backend
from bonkei.terraform.state.lock import locked

_CLI_CONFIGURATION = """\
# No provider is downloaded: those that there are, are served.
provider_installation {{
  filesystem_mirror {{
    path = {path}
  }}
}}
"""
_NOTHING = Elsewhere()
_ACCOUNT = Account()
_EVERYTHING = Selection()


def _silent(_: str) -> None:
    """A report to nobody."""


@dataclass(frozen=True, slots=True)
class _Ready:
    """A locked workspace whose provider is running: how to start Terraform in it."""

    command: Sequence[str]
    directory: Path
    environment: Mapping[str, str]


class Workspace:
    """Evaluates, plans and applies definitions; blocks until Terraform, in a child process, ends.

    Below `<home>/terraform/`: the mirror, Terraform's state and its own data. Every operation
    raises TerraformError when Terraform refuses, cannot be run, or is already at work.
    """

    def __init__(
        self,
        definitions: Path,
        home: Path,
        variable_files: Sequence[Path] = (),
        terraform: str | None = None,
        elsewhere: Elsewhere = _NOTHING,
        account: Account = _ACCOUNT,
    ) -> None:
        """`terraform` names an executable to use instead of the library."""
        self._definitions = definitions.resolve()
        self._home = home.resolve()
        self._variable_files = tuple(file.resolve() for file in variable_files)
        self._terraform = terraform
        self._elsewhere = elsewhere
        self._account = account
        self._directory = self._home / "terraform"
        self._backend = Backend(self._directory, account.workspace)
        self._state_file = self._backend.state_file
        self._applied = self._directory / "applied"
        self._cache = stamps.StateCache(self._directory / "state.json", self._state_file)
        self._mirror = Mirror(self._definitions, self._directory / "mirror", home=self._home)

    def validate(self) -> list[Diagnostic]:
        """Check the definitions without planning; the warnings."""
        with self._ready() as ready:
            result = self._run(ready, "validate", "-json")
        document = _json(result)
        said = [read_diagnostic(one, self._mirror.locate) for one in document["diagnostics"]]
        found = explain(said, self._definitions)
        if not document["valid"]:
            raise refused(found, "validate")
        return self._warnings(found)

    def plan(self, selection: Selection = _EVERYTHING, *, destroy: bool = False) -> PlanSummary:
        """What `apply` (or `destroy`) would do."""
        plan_file = self._directory / "plan"
        options = [f"-out={plan_file}", *(["-destroy"] if destroy else [])]
        with self._ready() as ready:
            self._check(selection, ready)
            options += [*self._variables(), *selection.arguments()]
            try:
                listener = self._listen(ready, "plan", *options)
                shown = self._run(ready, "show", "-json", str(plan_file))
            finally:
                plan_file.unlink(missing_ok=True)  # it holds sensitive values
        return read_plan(_json(shown), self._warnings(listener.diagnostics))

    def apply(self, progress: Report = _silent, selection: Selection = _EVERYTHING) -> ApplySummary:
        """Make the state what the definitions say, as far as is selected."""
        with self._ready() as ready:
            self._check(selection, ready)
            inputs = self.fingerprint()
            self._applied.unlink(missing_ok=True)
            listener = self._change(ready, "apply", progress, selection)
            if selection.is_of_settings:
                self._applied.write_text(inputs, encoding="utf-8")
        return listener.applied()

    def destroy(self, progress: Report = _silent) -> ApplySummary:
        """Remove every resource."""
        with self._ready() as ready:
            self._applied.unlink(missing_ok=True)
            return self._change(ready, "destroy", progress).applied()

    def import_(self, address: str, identifier: str) -> None:
        """Take a resource as there, under an address of the definitions."""
        with self._ready() as ready:
            self._applied.unlink(missing_ok=True)
            options = ["-no-color", *self._variables(), address, identifier]
            result = self._run(ready, "import", *options)
            if result.code:
                raise TerraformError(result.errors.strip())

    def state(self) -> dict[str, Any]:
        """The state as `terraform show -json` gives it; without "values" if nothing is applied."""
        kept = self._cache.read()
        if kept is not None:
            return kept
        with self._ready() as ready:
            return self._show_state(ready)

    def is_current(self) -> bool:
        """Whether the last apply was of exactly these inputs, so that another has nothing to do."""
        try:
            applied = self._applied.read_text(encoding="utf-8")
        except FileNotFoundError:
            return False
        return self._state_file.is_file() and applied == self.fingerprint()

    def fingerprint(self) -> str:
        """A digest of everything that an apply depends on."""
        made_by = (
            f"{stamps.implementation(self._terraform)} {self._elsewhere.digest()} {self._account}"
        )
        return fingerprint(self._definitions, self._variable_files, os.environ, made_by)

    def fmt(self, *, check: bool = False) -> list[str]:
        """Format the definitions; the names of the files that were, or would be, changed."""
        require_definitions(self._definitions)
        result = runs.run(
            [*runs.command(self._terraform), "fmt", "-recursive", *(["-check"] if check else [])],
            directory=self._definitions,
            environment=runs.environment(os.environ, {}),
        )
        if result.errors.strip():
            raise TerraformError(result.errors.strip(), remedy="correct the file and run it again")
        return [line.strip() for line in result.lines if line.strip()]

    def test(
        self,
        report: Report = _silent,
        files: Sequence[str] = (),
        selection: Selection = _EVERYTHING,
    ) -> TestReport:
        """Run `terraform test`, telling how each run ends as it does.

        `files`: those test files only, relative to the definitions. What the tests apply is
        theirs: it leaves no secret and no counter in the home.
        """
        there = test_files(self._definitions)
        if not there:
            raise TerraformError(
                f"There are no tests: no *.tftest.hcl in {self._definitions} or in its tests/",
                remedy="write one (developer.hashicorp.com/terraform/language/tests)",
            )
        if unknown := sorted(set(files) - set(there)):
            raise TerraformError(
                f"There is no test file {unknown[0]}", remedy=f"there are: {', '.join(there)}"
            )
        with (
            tempfile.TemporaryDirectory(prefix="bonkei-test-") as home,
            self._ready(Path(home)) as ready,
        ):
            listener = TestListener(
                self._mirror.locate, report, lambda said: explain(said, self._definitions)
            )
            options = [*(f"-filter={file}" for file in files), *self._variables()]
            options += selection.arguments()
            result = self._run(ready, "test", "-json", *options, on_line=listener)
        found = listener.result()
        if result.code and found.passed:
            raise unexplained(result.text, "test")
        return found

    @contextlib.contextmanager
    def _ready(self, provider_home: Path | None = None) -> Iterator[_Ready]:
        command = runs.command(self._terraform)
        check_existing(self._elsewhere.existing)
        self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        with locked(self._directory / "lock"):
            self._mirror.refresh(self._backend.block)
            states = self._elsewhere.remote_states
            place_remote_states(states, self._mirror.path, self._directory / "remote-states")
            log = self._directory / "provider.log"
            surroundings = ProviderSurroundings(
                home=provider_home or self._home,
                state_file=None if provider_home else self._state_file,
                account_id=self._account.id,
                existing=self._elsewhere.existing,
            )
            with (
                ProviderProcess(surroundings, self._mirror.path, log) as provider,
                self._backend.open() as backend,
            ):
                environment = runs.environment(
                    os.environ, {**self._settings(provider.reattach()), **backend}
                )
                ready = _Ready(command, self._mirror.path, environment)
                self._initialize(ready)
                yield ready

    def _settings(self, reattach: str) -> dict[str, str]:
        configuration = self._directory / "terraform.tfrc"
        nothing = json.dumps(str(self._directory / "no-providers"))
        configuration.write_text(_CLI_CONFIGURATION.format(path=nothing), encoding="utf-8")
        return {
            "TF_DATA_DIR": str(self._directory / "data"),
            "TF_CLI_CONFIG_FILE": str(configuration),
            "TF_REATTACH_PROVIDERS": reattach,
        }

    def _initialize(self, ready: _Ready) -> None:
        """Run `init`, unless it has been run for the same modules and providers."""
        stamp = self._directory / "initialized"
        wanted = stamps.initialization(self._definitions, self._backend.block)
        if stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted:
            return
        self._listen(ready, "init", "-input=false", "-reconfigure")
        stamp.write_text(wanted, encoding="utf-8")

    def _check(self, selection: Selection, ready: _Ready) -> None:
        if selection.targets or selection.replacements:
            manifest = self._directory / "data" / "modules" / "modules.json"
            state = self._cache.read() or self._show_state(ready)
            selections.check(selection, self._mirror.path, manifest, state)

    def _change(
        self,
        ready: _Ready,
        operation: str,
        progress: Report,
        selection: Selection = _EVERYTHING,
    ) -> Listener:
        options = [*self._variables(), *selection.arguments()]
        listener = self._listen(ready, operation, "-auto-approve", *options, report=progress)
        for warning in self._warnings(listener.diagnostics):
            progress(warning.render())
        if self._cache.read() is None:
            self._show_state(ready)
        return listener

    def _show_state(self, ready: _Ready) -> dict[str, Any]:
        document = _json(self._run(ready, "show", "-json"))
        self._cache.write(document)
        return document

    def _listen(
        self, ready: _Ready, operation: str, *options: str, report: Report = _silent
    ) -> Listener:
        """Run an operation that speaks JSON as it goes."""
        listener = Listener(self._mirror.locate, report)
        result = self._run(ready, operation, "-json", *options, on_line=listener)
        listener.diagnostics = explain(listener.diagnostics, self._definitions)
        if result.code and not listener.diagnostics:
            raise unexplained(result.text, operation)
        if result.code:
            raise refused(listener.diagnostics, operation)
        return listener

    def _run(
        self, ready: _Ready, *arguments: str, on_line: Callable[[str], None] = _silent
    ) -> runs.Result:
        return runs.run(
            [*ready.command, *arguments],
            directory=ready.directory,
            environment=ready.environment,
            on_line=on_line,
        )

    def _warnings(self, said: Sequence[Diagnostic]) -> list[Diagnostic]:
        """What Terraform says, and what it does not look at when a provider runs already."""
        return [*said, *constraints.excluded(self._definitions)]

    def _variables(self) -> list[str]:
        return [f"-var-file={file}" for file in self._variable_files]


def _json(result: runs.Result) -> dict[str, Any]:
    try:
        return dict(json.loads("".join(result.lines)))
    except ValueError:
        raise unexplained(result.text, "show") from None
