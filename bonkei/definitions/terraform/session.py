"""A locked workspace with a running provider, for calls to Terraform."""

from __future__ import annotations

import contextlib
import functools
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from bonkei.base.folders import below, bytes_of, text_of
from bonkei.base.removal import remove
from bonkei.definitions.terraform.errors import refused, unexplained
from bonkei.definitions.terraform.explanations import constraints
from bonkei.definitions.terraform.explanations.explain import explain
from bonkei.definitions.terraform.inputs import outside, programs, providers, stamps
from bonkei.definitions.terraform.inputs.elsewhere import (
    Elsewhere,
    check_existing,
    place_remote_states,
)
from bonkei.definitions.terraform.inputs.mirror import Mirror
from bonkei.definitions.terraform.inputs.registries import with_registries
from bonkei.definitions.terraform.inputs.types import named as read_named
from bonkei.definitions.terraform.inputs.types import texts
from bonkei.definitions.terraform.reports.messages import Listener, Report
from bonkei.definitions.terraform.runs import environments
from bonkei.definitions.terraform.runs import run as runs
from bonkei.definitions.terraform.runs.endings import Endings, Leave, awaited
from bonkei.definitions.terraform.runs.provider_process import ProviderProcess, ProviderSurroundings
from bonkei.definitions.terraform.state.account import Account
from bonkei.definitions.terraform.state.backend import Backend
from bonkei.definitions.terraform.state.lock import locked

_CLI_CONFIGURATION = """\
# No provider is downloaded: all of them are served.
provider_installation {{
  filesystem_mirror {{
    path = {path}
  }}
}}
"""


def silent(_: str) -> None:
    """Ignore reports."""


def nothing() -> None:
    """Do nothing."""


@dataclass(frozen=True, slots=True)
class Session:
    """The command for Terraform, and the mapping of its file names."""

    command: Sequence[str]
    mirror: Mirror
    definitions: Path
    environment: Mapping[str, str]
    begin: runs.Start
    leave: Leave = awaited
    show_types: Callable[[], None] = nothing
    """What the provider waits for, and Terraform needs after it has read the definitions."""

    def run(
        self,
        *arguments: str,
        on_line: Callable[[str], None] = silent,
        meanwhile: Callable[[], None] = nothing,
    ) -> runs.Result:
        """One run of Terraform, however it ends. `meanwhile` is called while it starts."""

        def beside() -> None:
            self.show_types()
            meanwhile()

        return runs.run(
            [*self.command, *arguments],
            directory=self.mirror.path,
            environment=self.environment,
            on_line=on_line,
            meanwhile=beside,
            begin=self.begin,
            leave=self.leave,
        )

    def listen(
        self,
        operation: str,
        *options: str,
        report: Report = silent,
        meanwhile: Callable[[], None] = nothing,
    ) -> Listener:
        """Run an operation with JSON output. Raises TerraformError when Terraform refuses it."""
        listener = Listener(self.mirror.locate, report)
        result = self.run(operation, "-json", *options, on_line=listener, meanwhile=meanwhile)
        listener.diagnostics = explain(listener.diagnostics, self.definitions)
        if result.code and not listener.diagnostics:
            raise unexplained(result.text, operation)
        if result.code:
            raise refused(listener.diagnostics, operation)
        return listener


@dataclass(frozen=True, slots=True)
class Place:
    """Where sessions happen: the definitions, and `directory` for all written files.

    `terraform` names an executable to use instead of the library.
    """

    definitions: Path
    directory: Path
    mirror: Mirror
    backend: Backend
    elsewhere: Elsewhere
    account: Account
    terraform: str | None
    consent: programs.Consent = field(default_factory=programs.Consent)
    interruption: runs.Interruption = field(default_factory=runs.Interruption)

    @contextlib.contextmanager
    def session(
        self,
        provider_home: Path,
        *,
        tests: bool = False,
        programs: bool = True,
        all_blocks: bool = True,
        endings: Endings | None = None,
        observed: Mapping[str, Any] | None = None,
    ) -> Iterator[Session]:
        """One session at a time. The provider stores its data below `provider_home`. Without
        `all_blocks`, it shows only nested blocks whose names are words of the definitions. `tests`
        have no state. `observed`: what others have changed since the last apply. Without the user's
        consent it may run no `programs` of the definitions. The ends of its processes are awaited,
        or left to `endings`."""
        command = runs.command(self.terraform)
        check_existing(self.elsewhere.existing)
        self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        with locked(self.directory / "lock", self.interruption.has_come), Endings() as own:
            leave = (endings or own).begin
            self.mirror.make()
            types = self.directory / "types.json"
            types.unlink(missing_ok=True)
            others = providers.not_served(self._written(), self.backend.state_file)
            surroundings = ProviderSurroundings(
                home=provider_home,
                state_file=None if tests else self.backend.state_file,
                beside=[] if tests else [each.state_file for each in self.elsewhere.earlier],
                account_id=self.account.id,
                aws_rules=self.account.rules,
                existing=self.elsewhere.existing,
                observed=observed or {},
                types=types,
                not_served=others,
            )
            log, seen = self.directory / "provider.log", self.consent.variables
            to_others = environments.of_programs(os.environ, {}, seen)
            with (
                ProviderProcess(surroundings, self.mirror.path, log, leave, to_others) as provider,
                self.backend.open(reads_twice=self.terraform is None) as backend,
            ):
                settings = {**self._settings(provider.reattach), **backend}
                environment = environments.of_programs(os.environ, settings, seen)
                with self._terraform(command, environment) as begin:
                    # From here on both processes load what they need.
                    heeded = self.interruption.heeded(begin)
                    session = Session(
                        command, self.mirror, self.definitions, environment, heeded, leave
                    )
                    self.mirror.refresh(self.backend.block, self._lifted())
                    self._place_remote_states()
                    self._initialize(session, environments.of_init(os.environ, settings), others)
                    if programs:
                        self._require_consent()
                    shown = self._showing(
                        types, provider.prepare, all_blocks=all_blocks, tests=tests
                    )
                    yield replace(session, show_types=shown)

    def _written(self) -> Iterator[str]:
        """The texts of the definitions, of modules that they call by a path, and of those that an
        init has fetched."""
        files = set(below(self.definitions, ".tf"))
        for module in outside.modules(self.definitions):
            files |= {file for file in outside.files(module) if file.suffix == ".tf"}
        with contextlib.suppress(ValueError, KeyError, TypeError):  # init writes that list anew
            files |= {*texts(self.mirror.path, self.directory / "data")}
        return (text_of(file) or "" for file in files)

    def _terraform(
        self, command: Sequence[str], environment: Mapping[str, str]
    ) -> contextlib.AbstractContextManager[runs.Start]:
        """How to start it; another executable than the library is not started ahead."""
        if self.terraform is not None:
            return contextlib.nullcontext(runs.start)
        return runs.ahead(command, self.mirror.path, environment)

    def _lifted(self) -> list[Path]:
        """Files that require another Terraform than the library. The executable that was asked for
        decides for itself."""
        if self.terraform is not None:
            return []
        excluded = constraints.core_excluded(self.definitions)
        return [one.file for one in excluded if one.file is not None]

    def _place_remote_states(self) -> None:
        directory = self.directory / "remote-states"
        place_remote_states(self.elsewhere, self.definitions, self.mirror.path, directory)

    def _showing(
        self, types: Path, prepare: Callable[[], None], *, all_blocks: bool, tests: bool
    ) -> Callable[[], None]:
        """What writes the types, and lets the provider go on; once."""

        @functools.cache
        def show() -> None:
            data, state = self.directory / "data", self.backend.state_file
            try:
                found = read_named(
                    self.mirror.path, data, state, all_blocks=all_blocks, tests=tests
                )
                if found is not None:
                    found.write(types)
            finally:
                prepare()  # also after a failure: Terraform waits for the provider

        return show

    def _settings(self, reattach: str) -> dict[str, str]:
        configuration = self.directory / "terraform.tfrc"
        nothing = json.dumps(str(self.directory / "no-providers"))
        configuration.write_text(_CLI_CONFIGURATION.format(path=nothing), encoding="utf-8")
        return {
            "TF_DATA_DIR": str(self.directory / "data"),
            "TF_CLI_CONFIG_FILE": str(configuration),
            "TF_REATTACH_PROVIDERS": reattach,
        }

    def _require_consent(self) -> None:
        root = self.mirror.path
        found = programs.found(
            self.mirror.locate, texts(root, self.directory / "data"), self.mirror.directory
        )
        self.consent.require(found, self.interruption.has_come)

    def _initialize(
        self, session: Session, environment: Mapping[str, str], others: Iterable[str]
    ) -> None:
        """Run `init`, unless it has been run for the same modules and providers."""
        stamp = self.directory / "initialized"
        modules = self.elsewhere.modules
        wanted = stamps.initialization(self.definitions, self.backend.block)
        wanted = f"{' '.join((wanted, *others))}\n{self.elsewhere.of_modules()}".rstrip()
        before = text_of(stamp) or ""
        if self._has_data() and before == wanted:
            return
        if before.partition("\n")[2] != wanted.partition("\n")[2]:
            remove(self.directory / "data" / "modules")  # Terraform keeps what it has installed
        begin = self.interruption.heeded(runs.start)
        with with_registries(environment, os.environ, modules, self.definitions) as known:
            alone = replace(session, environment=known, begin=begin)
            alone.listen("init", "-input=false", "-reconfigure")
        stamp.write_text(wanted, encoding="utf-8")

    def _has_data(self) -> bool:
        """Whether Terraform can read its own data. What it cannot read is removed, so that `init`
        makes it anew."""
        data = self.directory / "data"
        try:
            for file in (data / "terraform.tfstate", data / "modules" / "modules.json"):
                if (content := bytes_of(file)) is not None:
                    json.loads(content)
        except ValueError:
            remove(data)
            return False
        return True


def read_json(result: runs.Result) -> dict[str, Any]:
    """Return a run's output as JSON. Raises TerraformError when it is not JSON."""
    try:
        return dict(json.loads("".join(result.lines)))
    except ValueError:
        raise unexplained(result.text, "show") from None
