"""The course of one build, from PROVISIONING to COMPLETED. `course` decides the order, and this
module carries it out."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from bonkei.base.processes import Keeper
from bonkei.base.processes.roots import remove_scratch
from bonkei.blueprint.codebuild import BuildProject
from bonkei.services.codebuild import course, escape, outputs
from bonkei.services.codebuild.buildspec.model import Buildspec
from bonkei.services.codebuild.buildspec.reader import read
from bonkei.services.codebuild.entries import Entries
from bonkei.services.codebuild.errors import PhaseError
from bonkei.services.codebuild.recorder import Recorder
from bonkei.services.codebuild.running import limits
from bonkei.services.codebuild.running.confinement import Confinement, confined
from bonkei.services.codebuild.running.log import BuildLog
from bonkei.services.codebuild.running.machine import Machine
from bonkei.services.codebuild.sources import Fetched, buildspec_text, fetch
from bonkei.services.codebuild.surroundings import BuildsSettings, Surroundings
from bonkei.services.codebuild.tools import packages
from bonkei.services.codebuild.tools.commands import without_privileges, write_commands
from bonkei.services.codebuild.tools.gate import Gate, Guest
from bonkei.services.codebuild.values import FAILED, FAULT, STOPPED, SUCCEEDED, TIMED_OUT
from bonkei.services.codebuild.values_of import Resolved, resolve
from bonkei.services.codebuild.variables import Layout, codebuild_variables, git_settings

_MINUTE = 60.0


@dataclass(frozen=True, slots=True)
class Ground:
    """The environment that all builds share."""

    settings: BuildsSettings
    given: Surroundings
    keeper: Keeper
    gate: Gate
    confinement: Confinement
    minute: float = _MINUTE


class Run:
    """Call `execute` once. Cancelling it stops the build."""

    def __init__(
        self, project: BuildProject, recorder: Recorder, log: BuildLog, folder: Path, ground: Ground
    ) -> None:
        self._project = project
        self._record = recorder
        self._log = log
        self._folder = folder
        self._ground = ground
        self._machine = Machine(folder, ground.keeper, log.feed)
        self._breach: PhaseError | None = None
        self._entries = Entries(self._machine, recorder, log, folder, lambda: self._breach)
        self._token = ""
        unique = recorder.build.id.rpartition(":")[2]
        self._reports = ground.settings.directory / "reports" / f"{unique}.zip"
        self._secret: frozenset[str] = frozenset()
        self._guarding: asyncio.Task[None] | None = None

    async def execute(self) -> None:
        """Run the build to its end, whatever happens. The recorder keeps its result."""
        minutes = self._record.build.request.timeout or self._project.timeout
        status = SUCCEEDED
        try:
            async with asyncio.timeout(minutes * self._ground.minute):
                await self._do_all()
        except TimeoutError:
            status = TIMED_OUT
            self._end_open(TIMED_OUT, "BUILD_TIMED_OUT", "Build has timed out.")
        except asyncio.CancelledError:
            status = STOPPED
            self._end_open(STOPPED, "", "")
        except PhaseError as error:
            fault = error.code == "INTERNAL_SERVICE_ERROR"
            status = FAULT if fault else FAILED
            self._end_open(status, error.code, _with_remedy(error))
        except Exception as error:
            # Whatever the error is, the build is over, and no part of it may continue.
            status = FAULT
            self._end_open(FAULT, "INTERNAL_SERVICE_ERROR", f"{type(error).__name__}: {error}")
        if status == SUCCEEDED and self._record.is_failing:
            status = FAILED
        await self._finish(status)

    async def _finish(self, status: str) -> None:
        self._record.begin("FINALIZING")
        if self._guarding is not None:
            self._guarding.cancel()
        await self._machine.stop()
        self._ground.gate.dismiss(self._token)
        role = self._project.role_arn
        try:
            lines = await asyncio.to_thread(self._ground.given.tooling.collect, self._folder, role)
        except (OSError, ValueError) as error:
            lines = (f"Values that Terraform generated are not stored: {error}",)
        for line in lines:
            self._log.say(line)
        await asyncio.to_thread(remove_scratch, self._folder)
        self._record.end()
        self._log.close()
        self._record.complete(status)

    def _end_open(self, status: str, code: str, message: str) -> None:
        if self._record.is_in_phase:
            self._record.end(status, code, message)

    async def _do_all(self) -> None:
        record = self._record
        record.begin("PROVISIONING")
        await self._provision()
        record.end()
        record.begin("DOWNLOAD_SOURCE")
        fetched = await fetch(self._project, record.build.request, self._folder, self._ground.given)
        self._log.say(f"CODEBUILD_SRC_DIR={fetched.source}")
        spec = await self._prepare(fetched)
        record.end()
        await self._phases(spec, fetched)

    async def _provision(self) -> None:
        ground, settings = self._ground, self._ground.settings
        for name in ("home", "tmp", "state", "bin", "tools"):
            (self._folder / name).mkdir(parents=True, mode=0o700)
        possible = ground.confinement.is_possible
        self._log.say("Running on the miniature: with this machine's commands, not in an image")
        if not possible:
            self._log.say(f"Nothing confines this build: {ground.confinement.why_not}")
        await self._machine.start(self._confine if possible else None)
        guard = limits.Guard(self._folder, settings.disk, settings.processes)
        self._guarding = asyncio.create_task(self._guard(guard))

    def _confine(self, command: Sequence[str]) -> Sequence[str]:
        given, gate = self._ground.given, self._ground.gate
        reads = (*given.reads, gate.authorities)
        has_engine = self._project.privileged
        return confined(self._folder, reads, given.home, has_engine=has_engine, command=command)

    async def _guard(self, guard: limits.Guard) -> None:
        """End the build that takes too much."""
        try:
            self._breach = await guard.watch(lambda: self._machine.pids)
            await self._machine.stop()
        except asyncio.CancelledError:
            return

    async def _prepare(self, fetched: Fetched) -> Buildspec:
        project, given, record = self._project, self._ground.given, self._record
        where, text = buildspec_text(project, record.build.request, fetched.source)
        self._log.say(f"YAML location is {where}")
        spec = read(text)
        for note in spec.left_out:
            self._log.say(f"Not simulated: {note}")
        self._require_confinement(spec)
        if fetched.version:
            request = replace(record.build.request, resolved_source_version=fetched.version)
            record.update(request=request)
        self._log.say("Processing environment variables")
        values = await resolve(spec, project, record.build.request.variables, given)
        self._secret = values.secret
        self._log.hide(values.values[name] for name in values.secret)
        for phase in spec.phases:
            if phase.run_as not in ("", "root"):
                self._log.say(f"Not simulated: {phase.name} runs as this user, not {phase.run_as}")
        await self._set_variables(fetched, values, text)
        if spec.git_credential_helper:
            region = given.region()
            settings = git_settings(region, self._entries.variables.get("AWS_ENDPOINT_URL", ""))
            (self._folder / "home" / ".gitconfig").write_text(settings, encoding="utf-8")
        self._begin_state(fetched.source)
        return spec

    async def _set_variables(self, fetched: Fetched, values: Resolved, text: str) -> None:
        ground, build = self._ground, self._record.build
        given, folder = ground.given, self._folder
        person = os.environ.get("PATH", os.defpath)
        commands = {**await given.commands(self._log.say), **await self._python(person)}
        if not self._project.privileged:
            commands["docker"] = without_privileges("docker")
        if os.pathsep in str(folder):
            self._log.say(
                f"The path of the miniature's home has a {os.pathsep!r}, which separates folders "
                "in PATH: commands below HOME are not found by their names. Move the project, or "
                "let BONKEI_HOME name another folder."
            )
        stood_in = write_commands(folder / "bin", folder / "tools", person, commands)
        if stood_in:
            self._log.say(f"Commands of the miniature: {', '.join(stood_in)}")
        obstacle = given.obstacle(self._project)
        # The gate answers in its own thread, but the log belongs to the loop.
        loop = asyncio.get_running_loop()
        self._token = ground.gate.admit(
            Guest(obstacle, lambda text: _in_loop(loop, self._log.say, text))
        )
        layout = Layout(
            str(fetched.source), str(folder / "home"), f"{folder / 'bin'}{os.pathsep}{person}",
            tuple((name, str(place)) for name, place in fetched.sources),
        )  # fmt: skip
        identity = given.identity(self._project.role_arn, build.id.replace(":", "-"))
        engine = given.engine if self._project.privileged else {}
        self._log.hide(engine.values())
        self._log.hide(v for k, v in identity.items() if "TOKEN" in k or "SECRET" in k)
        self._entries.variables = {
            **codebuild_variables(build, self._project, layout, given.region()),
            **identity,
            **engine,
            **ground.gate.variables(self._token),
            "MINIATURE_TOOLS": str(folder / "tools"),
            **({} if ground.confinement.is_possible else {"TMPDIR": str(folder / "tmp")}),
            **await asyncio.to_thread(given.tooling.prepare, folder, text, self._project.role_arn),
            **values.values,
        }

    async def _python(self, path: str) -> dict[str, Sequence[str]]:
        """The command `python3` where this PATH has none. One that is there is used, with the
        packages that the image's Python has."""
        environment = await self._ground.given.python(self._log.say)
        if environment is None:
            return {}
        if shutil.which("python3", path=path) is None:
            return {"python3": (str(environment / "bin" / "python"),)}
        home = self._folder / "home"
        if not await asyncio.to_thread(packages.offer, environment, home, path):
            self._log.say(
                "python3 is one of a virtual environment, so it lacks boto3, which CodeBuild's "
                "image has: install it there, or start the miniature outside that environment"
            )
        return {}

    def _require_confinement(self, spec: Buildspec) -> None:
        ground = self._ground
        if not ground.confinement.is_possible and not ground.settings.may_write_outside:
            escape.refuse(spec, ground.confinement.why_not)

    def _begin_state(self, source: Path) -> None:
        state = self._folder / "state"
        (state / "directory").write_text(f"{source}\n", encoding="utf-8")
        (state / "variables").touch()

    async def _phases(self, spec: Buildspec, fetched: Fetched) -> None:
        name = "install"
        while name not in ("artifacts", "end"):
            phase = course.phase_spec(spec, name)
            self._record.begin(name.upper())
            failed = await self._entries.phase(spec, phase, fetched.source)
            if failed is None:
                self._record.end()
            else:
                self._record.end(FAILED, failed.code, failed.message)
            name = course.following(phase, failed is not None)
        await self._entries.export(spec, self._secret)
        upload = outputs.Upload(
            self._project, self._record.build, self._folder, fetched.source, self._ground.given
        )
        if name == "artifacts":
            self._record.begin("UPLOAD_ARTIFACTS")
            wanted = await upload.plan(spec, self._entries.expand)
        # No process of the build runs while its files are read, so no file can become a link
        # meanwhile.
        await self._machine.stop()
        if spec.reports:
            count = await upload.keep_reports(spec, self._reports)
            self._log.say(f"Reports: {count} file(s) in {self._reports}")
        if name == "artifacts":
            made = await upload.execute(wanted, self._log.say)
            self._record.update(outputs=made)
            self._record.end()


def _with_remedy(error: PhaseError) -> str:
    return f"{error.message}\n{error.remedy}" if error.remedy else error.message


def _in_loop(loop: asyncio.AbstractEventLoop, say: object, text: str) -> None:
    with suppress(RuntimeError):
        loop.call_soon_threadsafe(say, text)  # type: ignore[arg-type]
