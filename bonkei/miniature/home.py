"""A miniature's folder: its state, its data, its logs, and the lock of its supervisor.

.bonkei/
├── .bonkei-home     says that this folder is a home, so that `bonkei reset` may remove it
├── terraform/       the mirror of the definitions, Terraform's state
├── evaluated/       the same beside the miniature, for `bonkei check` and `bonkei diagram`
├── secrets/         the secrets' values
├── caches/          the caches' data
├── database/        the clusters' data, or where it is
├── registry/        the images that were pushed, and the sources of those that tasks run from
├── engine/          what container engines keep for builds: base images, settings, no login
├── ecs/             the task definitions, and what services have that is not declared
├── monitor/         metrics, and the alarms' states and history
├── builds/          CodeBuild's builds: their records and logs, and the folders of running ones
├── file-systems/    the files of EFS, which tasks share
├── functions/       the functions' packages, and the events that wait for them
├── topics/          what is published and not delivered yet
├── pipelines/       the pipelines' executions
├── repositories/    CodeCommit's repositories
├── console/         the token of the console's address
├── faults/          the processes that a fault has suspended, should the supervisor be killed
├── inbox/           what arrived instead of at Slack and in mailboxes
├── logs/            the output of the containers, the database and the supervisor
├── log-buffers/     what log routers have not sent, for the next ones
├── environments/    the containers' own Python environments
├── prepared/        what the preparations of programs' folders keep
├── tasks/           the running tasks' own files
├── processes/       the process groups to end, should the supervisor be killed
├── addresses        the loopback addresses that this miniature has
├── programs.json    the programs of the definitions that the user has agreed to
├── started          which first-start commands have been run
├── control          the path of the socket that a running supervisor answers on
├── control.new      that file while it is being written
├── control.sock     that socket, unless its path would be too long
├── sockets          where the log routers' sockets are, should the supervisor be killed
├── kept.json        what the kept files were when the miniature started or stopped
└── lock             held by the one supervisor
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bonkei.base.errors import BonkeiError
from bonkei.base.folders import entries, matching
from bonkei.base.removal import remove
from bonkei.config import WORKSPACES

MARKER = ".bonkei-home"
_SIGNATURE = "Bonkei home"
_MARKER_TEXT = f"""\
{_SIGNATURE}: the state, the data and the logs of one miniature.
`bonkei reset` removes what Bonkei has put here, and nothing else.
"""
CONTENTS = frozenset(
    {
        "addresses",
        "builds",
        "caches",
        "cloud",
        "cloudformation",
        "console",
        "control",
        "control.new",
        "control.sock",
        "database",
        "ecs",
        "engine",
        "environments",
        "evaluated",
        "faults",
        "file-systems",
        "functions",
        "images",
        "inbox",
        "kept.json",
        "lock",
        "log-buffers",
        "log-groups",
        "logs",
        "monitor",
        "pipelines",
        "prepared",
        "processes",
        "programs.json",
        "registry",
        "repositories",
        "secrets",
        "sockets",
        "started",
        "tasks",
        "terraform",
        "terragrunt",
        "topics",
    }
)
"""Every name that Bonkei uses in a home. `reset` removes these, and the marker."""


class MiniatureError(BonkeiError):
    """A command cannot be carried out: the miniature already runs, does not run, or did not
    start."""


@dataclass(frozen=True, slots=True)
class Home:
    """The paths below one home; `make` creates it, readable by its owner only."""

    path: Path

    def make(self) -> Home:
        """Create the home, or accept an existing one. Raises MiniatureError for a directory with
        other files."""
        if self.path.parent.name == WORKSPACES:  # its parent must be a home, too
            Home(self.path.parents[1]).make()
            self.path.parent.mkdir(exist_ok=True, mode=0o700)
        try:
            self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
            if not self.is_ours:
                self._take()
        except OSError as error:
            raise MiniatureError(
                f"BONKEI_HOME (.bonkei unless set) names {self.path}, which cannot be a home: "
                f"{error.strerror}",
                remedy="let it name a directory that can be made, or written to",
            ) from None
        return self

    @property
    def is_ours(self) -> bool:
        """Whether Bonkei created this directory, or took it over while it was empty."""
        try:
            with (self.path / MARKER).open(encoding="utf-8") as marker:
                return marker.read(len(_SIGNATURE)) == _SIGNATURE
        except (OSError, UnicodeDecodeError):
            return False

    def require_ours(self) -> None:
        """Raises MiniatureError unless the directory has a home's marker."""
        if not self.is_ours:
            self._refuse_damaged()
            raise MiniatureError(
                f"{self.path} is not a miniature's home: it has no {MARKER}",
                remedy="let BONKEI_HOME name a home (one of an earlier version is marked by the "
                "next `bonkei up`)",
            )

    def remove(self) -> list[str]:
        """Remove Bonkei's files, then the directory if it is empty.

        The homes of other workspaces in it stay, and its id on a server of the user. Returns the
        names of other remaining files. Raises MiniatureError if it is not a home.
        """
        # Only `bonkei reset` needs them, and they take a while.
        from bonkei.services.ecr.engines.storage import remove_storage  # noqa: PLC0415
        from bonkei.services.rds.identity import remove_but_id  # noqa: PLC0415

        self.require_ours()
        try:
            remove_storage(self.path / "engine")
            for name in ("tasks", "file-systems"):
                _remove_tasks(self.path / name)
            for name in sorted(CONTENTS - {"database"}):
                remove(self.path / name)
            remove_but_id(self.path)
            left = self._names() - {MARKER}
            if not left:
                remove(self.path / MARKER)
                self.path.rmdir()
                if self.path.parent.name == WORKSPACES and not entries(self.path.parent):
                    self.path.parent.rmdir()
        except OSError as error:
            raise MiniatureError(
                f"{error.filename} cannot be removed: {error.strerror}",
                remedy="remove what is in the way, and run it again",
            ) from None
        return sorted(left - {WORKSPACES, "database"})

    @property
    def has_id(self) -> bool:
        """Whether it has objects of its own on a server of the user."""
        from bonkei.services.rds.identity import FILE  # noqa: PLC0415 - as above

        return (self.path / FILE).is_file()

    def _refuse_damaged(self) -> None:
        file = self.path / MARKER
        if file.is_file():
            raise MiniatureError(
                f"{file} is damaged: it does not begin with {_SIGNATURE!r}",
                remedy=f"if {self.path} is a home, say so in it: echo {_SIGNATURE} > {file}",
            )

    def _take(self) -> None:
        self._refuse_damaged()
        names = self._names() - {WORKSPACES}
        if names and not self._is_from_before(names):
            first = ", ".join(sorted(names)[:3]) + (", …" if len(names) > 3 else "")
            raise MiniatureError(
                "BONKEI_HOME (.bonkei unless set) names a directory with other files: "
                f"{self.path} ({first})",
                remedy="let it name a directory that is empty or does not exist yet",
            )
        (self.path / MARKER).write_text(_MARKER_TEXT, encoding="utf-8")

    def _is_from_before(self, names: set[str]) -> bool:
        """Whether an early version without markers made this home, judged by its content."""
        evaluated = matching(self.path / "evaluated", "*/terraform/mirror")
        mirrors = ((self.path / "terraform" / "mirror"), *evaluated)
        return names <= CONTENTS and any(mirror.is_dir() for mirror in mirrors)

    def _names(self) -> set[str]:
        return {entry.name for entry in entries(self.path)}

    @property
    def evaluated(self) -> Path:
        return self.path / "evaluated"

    @property
    def secrets(self) -> Path:
        return self.path / "secrets"

    @property
    def terragrunt(self) -> Path:
        return self.path / "terragrunt"

    @property
    def logs(self) -> Path:
        return self.path / "logs"

    @property
    def monitor(self) -> Path:
        """Metrics, and the alarms' states and history."""
        return self.path / "monitor"

    @property
    def log_groups(self) -> Path:
        return self.path / "log-groups"

    @property
    def builds(self) -> Path:
        return self.path / "builds"

    @property
    def environments(self) -> Path:
        return self.path / "environments"

    @property
    def programs(self) -> Path:
        """What the user has agreed to."""
        return self.path / "programs.json"

    @property
    def addresses(self) -> Path:
        return self.path / "addresses"

    @property
    def cloud(self) -> Path:
        return self.path / "cloud"

    @property
    def stacks(self) -> Path:
        """CloudFormation's."""
        return self.path / "cloudformation"

    @property
    def console(self) -> Path:
        """The token of the console's address."""
        return self.path / "console"

    @property
    def functions(self) -> Path:
        return self.path / "functions"

    @property
    def topics(self) -> Path:
        return self.path / "topics"

    @property
    def pipelines(self) -> Path:
        return self.path / "pipelines"

    @property
    def repositories(self) -> Path:
        return self.path / "repositories"

    @property
    def inbox(self) -> Path:
        return self.path / "inbox" / "messages.jsonl"

    @property
    def control(self) -> Path:
        return self.path / "control"

    @property
    def sockets(self) -> Path:
        """The place of the log routers' sockets, which is outside the home."""
        return self.path / "sockets"

    @property
    def started(self) -> Path:
        return self.path / "started"

    @property
    def supervisor_log(self) -> Path:
        return self.logs / "bonkei.log"


def _remove_tasks(folder: Path) -> None:
    """What a killed miniature's tasks have left. A link is not followed."""
    from bonkei.base.processes.roots import remove_scratch  # noqa: PLC0415 - only `bonkei reset` needs it

    if not folder.is_symlink():
        remove_scratch(folder)
