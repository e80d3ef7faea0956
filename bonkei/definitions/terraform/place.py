"""A locked workspace where sessions of Terraform and its provider happen."""

from __future__ import annotations

import contextlib
import functools
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from bonkei.base.folders import below, bytes_of, text_of
from bonkei.base.removal import remove
from bonkei.definitions.terraform.explanations import constraints
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
from bonkei.definitions.terraform.runs import environments
from bonkei.definitions.terraform.runs import run as runs
from bonkei.definitions.terraform.runs.endings import Endings, Leave
from bonkei.definitions.terraform.runs.provider_process import ProviderProcess, ProviderSurroundings
from bonkei.definitions.terraform.session import Session
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


class _OtherProvidersError(Exception):
    """Modules that have just been fetched need other stand-ins than those that serve."""

    def __init__(self, not_served: Mapping[str, Any]) -> None:
        super().__init__()
        self.not_served = not_served


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
            surroundings = ProviderSurroundings(
                home=provider_home,
                state_file=None if tests else self.backend.state_file,
                beside=[] if tests else [each.state_file for each in self.elsewhere.earlier],
                account_id=self.account.id,
                aws_rules=self.account.rules,
                existing=self.elsewhere.existing,
                observed=observed or {},
                types=types,
                not_served=self._not_served(),
            )
            shown = functools.partial(self._showing, types, all_blocks=all_blocks, tests=tests)
            begun = functools.partial(self._begun, command, leave, programs, shown)
            with contextlib.ExitStack() as stack:
                try:
                    session = stack.enter_context(begun(surroundings))
                except _OtherProvidersError as found:
                    surroundings = replace(surroundings, not_served=found.not_served)
                    session = stack.enter_context(begun(surroundings))
                yield session

    @contextlib.contextmanager
    def _begun(
        self,
        command: Sequence[str],
        leave: Leave,
        programs: bool,
        shown: Callable[[Callable[[], None]], Callable[[], None]],
        surroundings: ProviderSurroundings,
    ) -> Iterator[Session]:
        """A session with a provider. _OtherProvidersError if an init has fetched modules of which
        the provider knows too little."""
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
                of_init = environments.of_init(os.environ, settings)
                self._initialize(session, of_init, surroundings.not_served)
                if programs:
                    self._require_consent()
                yield replace(session, show_types=shown(provider.prepare))

    def _not_served(self) -> Mapping[str, Any]:
        return providers.not_served(self._written(), self.backend.state_file)

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
        self, session: Session, environment: Mapping[str, str], others: Mapping[str, Any]
    ) -> None:
        """Run `init`, unless it has been run for the same modules and providers. Raises
        _OtherProvidersError if the modules that it has fetched need others."""
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
            try:
                alone.listen("init", "-input=false", "-reconfigure")
            finally:
                if (found := self._not_served()) != others:
                    raise _OtherProvidersError(found)
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
