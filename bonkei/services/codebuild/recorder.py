"""The phases of one build as they begin and end: its record and its log lines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from bonkei.services.codebuild.running.log import BuildLog
from bonkei.services.codebuild.values import FAILED, SUCCEEDED, Build, BuildPhase

_QUIET = frozenset({"SUBMITTED", "QUEUED", "PROVISIONING", "FINALIZING", "COMPLETED"})


class Recorder:
    """Holds the build's present state. `changed` is called with each step."""

    def __init__(
        self,
        build: Build,
        log: BuildLog,
        clock: Callable[[], float],
        changed: Callable[[Build], None],
    ) -> None:
        self.build = build
        self._log = log
        self._clock = clock
        self._changed = changed

    def begin(self, name: str) -> None:
        """A phase begins; the one before it has ended."""
        if name in ("INSTALL", "PRE_BUILD", "BUILD", "POST_BUILD"):
            self._log.say(f"Entering phase {name}")
        elif name == "DOWNLOAD_SOURCE":
            self._log.say("Phase is DOWNLOAD_SOURCE")
        self._replace(phases=(*self.build.phases, BuildPhase(name, start=self._clock())))

    def end(self, status: str = SUCCEEDED, code: str = "", message: str = "") -> None:
        """The running phase ends."""
        *before, running = self.build.phases
        now = self._clock()
        done = replace(running, status=status, end=now, code=code, message=message)
        self._replace(phases=(*before, done))
        if running.name not in _QUIET:
            self._log.say(f"Phase complete: {running.name} State: {status}")
            self._log.say(f"Phase context status code: {code} Message: {message}")

    def complete(self, status: str) -> None:
        """The build is over."""
        now = self._clock()
        phase = BuildPhase("COMPLETED", "", now)
        self._replace(phases=(*self.build.phases, phase), status=status, end=now)

    def update(self, **values: object) -> None:
        self._replace(**values)

    @property
    def is_failing(self) -> bool:
        return any(each.status == FAILED for each in self.build.phases)

    @property
    def is_in_phase(self) -> bool:
        """Whether a phase has begun but not ended."""
        return bool(self.build.phases) and not self.build.phases[-1].status

    def _replace(self, **values: object) -> None:
        self.build = replace(self.build, **values)  # type: ignore[arg-type]
        self._changed(self.build)
