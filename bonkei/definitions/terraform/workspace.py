"""Terraform on one directory of definitions, with everything it writes below the home."""

from __future__ import annotations

import contextlib
import importlib
import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from bonkei.base import kept
from bonkei.definitions.refresh.observe import Observed
from bonkei.definitions.terraform.errors import (
    Diagnostic,
    TerraformError,
    read_diagnostic,
    refused,
    unexplained,
)
from bonkei.definitions.terraform.explanations import constraints
from bonkei.definitions.terraform.explanations.explain import explain
from bonkei.definitions.terraform.inputs import selection as selections
from bonkei.definitions.terraform.inputs import stamps
from bonkei.definitions.terraform.inputs.elsewhere import Elsewhere
from bonkei.definitions.terraform.inputs.fingerprint import (
    digest_of_inputs,
    fingerprint,
    read_places,
)
from bonkei.definitions.terraform.inputs.mirror import Mirror, require_definitions
from bonkei.definitions.terraform.inputs.programs import Consent
from bonkei.definitions.terraform.inputs.selection import Selection
from bonkei.definitions.terraform.place import Place
from bonkei.definitions.terraform.reports.changes import ApplySummary, PlanSummary, read_plan
from bonkei.definitions.terraform.reports.messages import Listener, Report
from bonkei.definitions.terraform.reports.testing import TestListener, TestReport, once, test_files
from bonkei.definitions.terraform.runs import environments
from bonkei.definitions.terraform.runs import run as runs
from bonkei.definitions.terraform.runs.endings import Endings
from bonkei.definitions.terraform.session import Session, read_json, silent
from bonkei.definitions.terraform.state.account import Account
from bonkei.definitions.terraform.state.backend import Backend
from bonkei.definitions.terraform.state.document import read_state_file

T = TypeVar("T")

_NOTHING = Elsewhere()
_ACCOUNT = Account()
_EVERYTHING = Selection()
_NO_CONSENT = Consent()

_QUICKLY = "-parallelism=40"
"""Terraform's usual ten at a time wait for each other, and our provider answers at once."""
_UNCHANGED = "-refresh=false"
"""A refresh asks what others have changed. If they have changed nothing, the state is all that
there is of a resource."""

_PLAN_FILE = "bonkei.definitions.terraform.reports.plan_file"


def _load_for_a_plan() -> None:
    """Load what is needed at the end of a run while Terraform starts."""
    from bonkei.definitions.provider import catalogue, schema  # noqa: PLC0415 -- see above

    importlib.import_module(_PLAN_FILE)
    schema.load(catalogue.SCHEMA)  # a plan is read with it


def _options(observed: Observed | None) -> list[str]:
    return [_QUICKLY] if observed else [_QUICKLY, _UNCHANGED]


def _needs_all_blocks(said: Sequence[Diagnostic]) -> bool:
    """Whether Terraform would have suggested a similar block if it had been shown."""
    return any(each.summary.startswith("Unsupported") for each in said)


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
        consent: Consent = _NO_CONSENT,
        place: str = "terraform",
    ) -> None:
        """`terraform` names an executable to use instead of the library. `consent`: to the programs
        that the definitions run. `place`: the folder in the home, which one of several root modules
        has for its own."""
        self._definitions = definitions.resolve()
        self._home = home.resolve()
        self._variable_files = tuple(file.resolve() for file in variable_files)
        self._directory = self._home / place
        backend = Backend(self._directory, account.workspace)
        self.state_file = backend.state_file
        self._applied = self._directory / "applied"
        self._endings = Endings()
        self._mirror = Mirror(self._definitions, self._directory / "mirror", home=self._home)
        self._place = Place(
            definitions=self._definitions,
            directory=self._directory,
            mirror=self._mirror,
            backend=backend,
            elsewhere=elsewhere,
            account=account,
            terraform=terraform,
            consent=consent,
        )

    @property
    def directory(self) -> Path:
        """Terraform's working directory, the base of relative file names."""
        return self._mirror.path

    def validate(self) -> list[Diagnostic]:
        """Check the definitions without planning, and return the warnings."""
        return self._with_enough_blocks(self._validate)

    def _validate(self, *, all_blocks: bool) -> list[Diagnostic]:
        with self._place.session(self._home, programs=False, all_blocks=all_blocks) as session:
            document = read_json(session.run("validate", "-json"))
            said = [read_diagnostic(one, self._mirror.locate) for one in document["diagnostics"]]
            found = explain(said, self._definitions)
            if not document["valid"]:
                raise refused(found, "validate")
        return self._warnings(found)

    def plan(
        self,
        selection: Selection = _EVERYTHING,
        *,
        observed: Observed | None = None,
    ) -> PlanSummary:
        """Return the changes that `apply` would make. `observed`: what others have changed since
        the last apply. None: that was not asked."""
        return self._with_enough_blocks(partial(self._plan, selection, observed))

    def _plan(
        self, selection: Selection, observed: Observed | None, *, all_blocks: bool
    ) -> PlanSummary:
        plan_file = self._directory / "plan"
        options = [f"-out={plan_file}", *_options(observed)]
        place = self._place
        with place.session(self._home, all_blocks=all_blocks, observed=observed) as session:
            self._check(selection, session)
            options += [*self._variables(), *selection.arguments()]
            try:
                listener = session.listen("plan", *options, meanwhile=_load_for_a_plan)
                document = self._planned(session, plan_file)
            finally:
                plan_file.unlink(missing_ok=True)  # it holds sensitive values
        return read_plan(document, self._warnings(listener.diagnostics), asked=observed is not None)

    def apply(
        self,
        progress: Report = silent,
        selection: Selection = _EVERYTHING,
        observed: Observed | None = None,
    ) -> ApplySummary:
        """Apply the definitions, as far as selected. When it returns, Terraform and the provider
        have done their work, and may still be ending: see `settle`. `observed`: as for `plan`."""
        return self._with_enough_blocks(partial(self._apply, progress, selection, observed))

    def _apply(
        self, progress: Report, selection: Selection, observed: Observed | None, *, all_blocks: bool
    ) -> ApplySummary:
        place, ends = self._place, self._endings
        with place.session(
            self._home, all_blocks=all_blocks, endings=ends, observed=observed
        ) as session:
            self._check(selection, session)
            inputs = self._inputs()  # as they are before Terraform reads them
            self._applied.unlink(missing_ok=True)
            listener = self._change(session, "apply", progress, selection, observed)
            if selection.is_of_settings:
                self._applied.write_text(self._fingerprint(inputs), encoding="utf-8")
        return listener.applied()

    def settle(self) -> None:
        """Wait until the processes of earlier applies have ended."""
        self._endings.wait()

    def interrupt(self) -> None:
        """Let the running operation end with an error, and begin no other. Another thread calls
        this."""
        self._place.interruption.come()

    def destroy(self, progress: Report = silent) -> ApplySummary:
        """Remove every resource."""
        with self._place.session(self._home) as session:
            self._applied.unlink(missing_ok=True)
            return self._change(session, "destroy", progress).applied()

    def import_(self, address: str, identifier: str) -> None:
        """Import an existing resource under an address of the definitions."""
        with self._place.session(self._home) as session:
            self._applied.unlink(missing_ok=True)
            options = ["-no-color", *self._variables(), address, identifier]
            result = session.run("import", *options)
            if result.code:
                raise TerraformError(result.errors.strip())

    def state(self) -> dict[str, Any]:
        """Return the state as `terraform show -json` has it (see `document`). It has no "values" if
        nothing is applied."""
        state = read_state_file(self.state_file)
        if state is not None:
            return state
        with self._place.session(self._home, programs=False) as session:
            return read_json(session.run("show", "-json"))

    def outputs(self) -> Mapping[str, Any]:
        """What the last apply has put out, each with its `value`, `type` and `sensitive`."""
        found: Mapping[str, Any] = self.state().get("values", {}).get("outputs", {})
        return found

    def written(self) -> Mapping[str, Any]:
        """Return Terraform's own file; nothing if nothing is applied. Raises DamagedError."""
        return kept.read_json(self.state_file, dict) or {}

    def is_current(self) -> bool:
        """Whether the last apply had exactly these inputs, so that another one changes nothing."""
        try:
            applied = self._applied.read_text(encoding="utf-8")
        except FileNotFoundError:
            return False
        return self.state_file.is_file() and applied == self.fingerprint()

    def fingerprint(self) -> str:
        """A digest of everything that an apply depends on."""
        return self._fingerprint(self._inputs())

    def _inputs(self) -> str:
        return digest_of_inputs(self._definitions, self._variable_files, os.environ)

    def _fingerprint(self, inputs: str) -> str:
        place = self._place
        made_by = (
            f"{stamps.implementation(place.terraform)} {place.elsewhere.digest()} {place.account}"
        )
        return fingerprint(inputs, made_by)

    def read_places(self) -> tuple[Path, ...]:
        """The folders and files whose change may change a plan."""
        found = read_places(self._definitions, self._variable_files)
        modules = self._place.elsewhere.modules.values()
        return (*found, *(place for folder in modules for place in read_places(folder, ())))

    def fmt(self, *, check: bool = False) -> list[str]:
        """Format the definitions. Returns the names of the files that were, or would be,
        changed."""
        require_definitions(self._definitions)
        result = runs.run(
            [
                *runs.command(self._place.terraform),
                "fmt",
                "-recursive",
                "-no-color",
                *(["-check"] if check else []),
            ],
            directory=self._definitions,
            environment=environments.of_programs(os.environ, {}),
        )
        if result.errors.strip():
            raise TerraformError(result.errors.strip(), remedy="correct the file and run it again")
        return [line.strip() for line in result.lines if line.strip()]

    def test(
        self,
        report: Report = silent,
        files: Sequence[str] = (),
        selection: Selection = _EVERYTHING,
    ) -> TestReport:
        """Run `terraform test`, and report each run when it ends.

        `files`: only these test files, relative to the definitions. The tests leave no secret and
        no counter in the home.
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
        options = [*(f"-filter={file}" for file in files), *self._variables()]
        options += selection.arguments()
        return self._with_enough_blocks(partial(self._test, once(report), options))

    def _test(
        self, begin: Callable[[], Report], options: Sequence[str], *, all_blocks: bool
    ) -> TestReport:
        def explained(said: list[Diagnostic]) -> list[Diagnostic]:
            if not all_blocks and _needs_all_blocks(said):
                raise refused(said, "test")
            return explain(said, self._definitions)

        with (
            tempfile.TemporaryDirectory(prefix="bonkei-test-") as home,
            self._place.session(Path(home), tests=True, all_blocks=all_blocks) as session,
        ):
            listener = TestListener(self._mirror.locate, begin(), explained)
            result = session.run("test", "-json", *options, on_line=listener)
        found = listener.result()
        if result.code and found.passed:
            raise unexplained(result.text, "test")
        return found

    @staticmethod
    def _with_enough_blocks(operate: Callable[..., T]) -> T:
        """Run it with the blocks that are named. With all of them after an error for which
        Terraform looks for a similar name: it comes from the validation, before anything has
        changed, or from a test."""
        try:
            return operate(all_blocks=False)
        except TerraformError as error:
            if not _needs_all_blocks(error.diagnostics):
                raise
        return operate(all_blocks=True)

    def _planned(self, session: Session, plan_file: Path) -> dict[str, Any]:
        """Read the plan from its file. Another Terraform than the library may use another
        format."""
        if self._place.terraform is None:
            from bonkei.definitions.terraform.reports import plan_file as reader  # noqa: PLC0415 -- see `plan`

            with contextlib.suppress(reader.PlanFormatError):
                return reader.read_plan_file(plan_file)
        return read_json(session.run("show", "-json", str(plan_file)))

    def _check(self, selection: Selection, session: Session) -> None:
        if selection.targets or selection.replacements:
            manifest = self._directory / "data" / "modules" / "modules.json"
            state = read_state_file(self.state_file) or read_json(session.run("show", "-json"))
            selections.check(selection, self._mirror.path, manifest, state)

    def _change(
        self,
        session: Session,
        operation: str,
        progress: Report,
        selection: Selection = _EVERYTHING,
        observed: Observed | None = None,
    ) -> Listener:
        options = [*_options(observed), *self._variables(), *selection.arguments()]
        listener = session.listen(
            operation, "-auto-approve", *options, report=progress, meanwhile=self._load_for_a_change
        )
        for warning in self._warnings(listener.diagnostics):
            progress(warning.render())
        return listener

    def _load_for_a_change(self) -> None:
        stamps.implementation(self._place.terraform)  # for the fingerprint

    def _warnings(self, said: Sequence[Diagnostic]) -> list[Diagnostic]:
        """Terraform's warnings, and those that it omits for a running provider."""
        found = [*said, *constraints.excluded(self._definitions)]
        if self._place.terraform is None:
            found += constraints.core_excluded(self._definitions)
        return found

    def _variables(self) -> list[str]:
        return [f"-var-file={file}" for file in self._variable_files]
