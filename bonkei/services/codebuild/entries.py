"""The entries of one build. They run in its machine. Each starts with the variables that the last
one left."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from types import MappingProxyType

from bonkei.services.codebuild import course
from bonkei.services.codebuild.buildspec.model import Buildspec, PhaseSpec
from bonkei.services.codebuild.errors import PhaseError
from bonkei.services.codebuild.recorder import Recorder
from bonkei.services.codebuild.running.log import BuildLog
from bonkei.services.codebuild.running.machine import Machine
from bonkei.services.codebuild.running.script import entry_script, name_script, values_script
from bonkei.services.codebuild.variables import exported, values_in

_LONGEST_NAME = 1_024  # characters of a key
NO_FILES: Mapping[Path, str] = MappingProxyType({})
_LARGEST_VALUES = 131_072  # bytes of all exported variables


class Entries:
    """`variables`: those for the first entry. `breach`: the limit that the build exceeded."""

    def __init__(
        self,
        machine: Machine,
        recorder: Recorder,
        log: BuildLog,
        folder: Path,
        breach: Callable[[], PhaseError | None],
    ) -> None:
        self._machine = machine
        self._record = recorder
        self._log = log
        self._folder = folder
        self._breach = breach
        self.variables: Mapping[str, str] = {}

    async def phase(self, spec: Buildspec, phase: PhaseSpec, source: Path) -> PhaseError | None:
        """The reason for its failure, after its retries; None if it succeeded."""
        tried = 0
        while True:
            failed = await self._entries(spec, phase.commands, source)
            printed = self._log.recent
            last = await self._entries(spec, phase.finally_, source)
            failed = failed or last
            if failed is None:
                return None
            if not course.is_retried(phase.on_failure, tried, printed):
                return failed
            tried += 1
            self._log.say(f"Retrying {phase.name.upper()}: {tried} of {phase.on_failure.retries}")

    async def _entries(
        self, spec: Buildspec, commands: tuple[str, ...], source: Path
    ) -> PhaseError | None:
        for command in commands:
            self._log.say(f"Running command {command}")
            self._log.recent = ""
            code = await self._entry(spec, command, source)
            if code:
                status = code if code > 0 else 128 - code
                self._log.say(f"Command did not exit successfully {command} exit status {status}")
                message = course.failure_message(command, status, self._log.recent)
                return PhaseError("COMMAND_EXECUTION_ERROR", message)
        return None

    async def _entry(self, spec: Buildspec, command: str, source: Path) -> int:
        state = self._folder / "state"
        script = entry_script(
            str(state),
            shell=spec.shell,
            is_succeeding=not self._record.is_failing,
            is_separate=spec.separate_shells,
        )
        return await self._shell(spec.shell, script, source, {state / "entry": f"{command}\n"})

    async def _shell(
        self, shell: str, script: str, directory: Path, files: Mapping[Path, str] = NO_FILES
    ) -> int:
        program = shutil.which(shell) or f"/bin/{shell}"
        try:
            return await self._machine.run(
                (program, "-c", script), self.variables, directory, files
            )
        except PhaseError as error:
            raise (self._breach() or error) from None

    async def export(self, spec: Buildspec, secret: Collection[str]) -> None:
        """Keep the exported variables with their present values."""
        if not spec.exported:
            return
        target = self._folder / "state" / "exported.json"
        script = values_script(
            str(target.parent), sys.executable, str(target), tuple(spec.exported)
        )
        found: Mapping[str, str] = {}
        if await self._shell(spec.shell, script, self._folder) == 0:
            text = await self._machine.read(target, _LARGEST_VALUES)
            if text is None:
                self._log.say(
                    f"No variable is exported: they have more than {_LARGEST_VALUES} bytes"
                )
            try:
                found = values_in(text or "{}")
            except ValueError as error:
                self._log.say(f"The exported variables cannot be read: {error}")
        self._record.update(exported=exported(spec.exported, found, tuple(secret)))

    async def expand(self, name: str) -> str | None:
        """A name after the shell's expansion; None if the shell cannot expand it."""
        target = self._folder / "state" / "name"
        script = name_script(str(target.parent), name, str(target))
        shell = "bash" if shutil.which("bash") else "sh"
        if await self._shell(shell, script, self._folder):
            return None
        return await self._machine.read(target, _LONGEST_NAME)
