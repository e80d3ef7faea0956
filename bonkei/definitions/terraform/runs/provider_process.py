"""The provider's process, for as long as Terraform needs it."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, ClassVar

from bonkei.base.sockets import make_socket_directory, note_directory, remove_left
from bonkei.definitions.provider.addresses import VERSIONS
from bonkei.definitions.provider.behaviour import ACCOUNT_ID
from bonkei.definitions.provider.plugin.sockets import listen, reattach
from bonkei.definitions.terraform.errors import TerraformError
from bonkei.definitions.terraform.runs.endings import Leave, awaited
from bonkei.definitions.terraform.runs.environments import without_account

_PATIENCE = 5.0


@dataclass(frozen=True, slots=True)
class ProviderSurroundings:
    """The provider's inputs besides its provider blocks (the provider's `surroundings`)."""

    home: Path
    state_file: Path | None = None
    """The account of resources that exist before Terraform has read them."""
    account_id: str = ACCOUNT_ID
    existing: Sequence[Mapping[str, Any]] = ()
    """Resources outside the stack (`bonkei.definitions.provider.existing`)."""
    observed: Mapping[str, Any] = field(default_factory=dict)
    """What others have changed since the state was written, by type and id."""
    types: Path | None = None
    """A file with the types that Terraform needs, which is there at `prepare`; without it, all."""
    aws_rules: str = "error"
    not_served: Mapping[str, Any] = field(default_factory=dict)
    """Further addresses, of providers that stand-ins serve, with what the definitions say."""
    beside: Sequence[Path] = ()
    """The states of other root modules, whose resources exist, too."""

    def write(self, file: Path, sockets: Mapping[str, int]) -> None:
        """Write the inputs for the process to read, with its sockets' descriptors. They may contain
        a secret's value."""
        file.touch(mode=0o600)
        document = {
            "home": str(self.home),
            "state": None if self.state_file is None else str(self.state_file),
            "beside": [str(file) for file in self.beside],
            "account_id": self.account_id,
            "aws_rules": self.aws_rules,
            "existing": list(self.existing),
            "observed": dict(self.observed),
            "types": None if self.types is None else str(self.types),
            "not_served": dict(self.not_served),
            "sockets": dict(sockets),
        }
        file.write_text(json.dumps(document, default=str), encoding="utf-8")


class ProviderProcess:
    """Starts at once, and can be called at once. A context manager that ends it.

    It loads its modules while Terraform starts; a call waits for that, and for `prepare`. If it
    dies, Terraform only sees that the connection ends. Leaving the context then raises the
    provider's own message in place of that error.
    """

    module: ClassVar[str] = "bonkei.definitions.provider"

    def __init__(
        self,
        surroundings: ProviderSurroundings,
        directory: Path,
        log: Path,
        leave: Leave = awaited,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """`directory` is the base of relative paths in the definitions. `leave` is for its end.
        `environment`: that of programs of the definitions, in place of this process's."""
        self.environment = without_account(os.environ) if environment is None else environment
        self._log = log
        self._leave = leave
        note = log.with_name("sockets")
        remove_left(note)  # of one that was killed together with its parent
        self._directory = make_socket_directory()
        try:
            with contextlib.ExitStack() as ours:
                sockets = listen((*VERSIONS, *surroundings.not_served), self._directory)
                for each in sockets.values():
                    ours.callback(each.close)  # so that a connection ends when the process does
                descriptors = {address: each.fileno() for address, each in sockets.items()}
                note_directory(self._directory, note)
                told = log.with_name("surroundings.json")
                surroundings.write(told, descriptors)
                with log.open("w", encoding="utf-8") as errors:
                    self._process = self._start(told, directory, errors, descriptors.values())
                self.reattach = reattach(sockets, self._process.pid)
                """The value for TF_REATTACH_PROVIDERS."""
        except BaseException:
            shutil.rmtree(self._directory, ignore_errors=True)
            raise

    def _start(
        self, surroundings: Path, directory: Path, errors: IO[str], descriptors: Iterable[int]
    ) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", self.module, str(surroundings)],
            cwd=directory,
            env={
                **{k: v for k, v in os.environ.items() if k.startswith("PYTHON")},
                **self.environment,
                "PYTHONPATH": str(Path(__file__).parents[4]),
                "PYTHONSAFEPATH": "1",
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            pass_fds=tuple(descriptors),
            start_new_session=True,
        )

    def prepare(self) -> None:
        """Say that the file of types is written. The process then builds the schema, and
        answers."""
        assert self._process.stdin is not None  # noqa: S101 -- a pipe
        with contextlib.suppress(BrokenPipeError):  # it has ended, and its log says why
            os.write(self._process.stdin.fileno(), b"\n")

    def __enter__(self) -> ProviderProcess:
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        died = self._process.poll() is not None
        self._leave(self.stop)
        if died and isinstance(error, TerraformError):
            raise self._fault() from error

    def _fault(self) -> TerraformError:
        errors = self._log.read_text(encoding="utf-8").strip()
        return TerraformError(
            f"The provider has ended by itself (code {self._process.returncode}):\n"
            f"{errors[-2000:]}",
            remedy="this is a fault in Bonkei, not in the definitions",
        )

    def stop(self) -> None:
        """Close its input, which ends it. Kill it if that does not."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        # A wait with a timeout would look at the process in ever longer intervals.
        killing = threading.Timer(_PATIENCE, self._process.kill)
        killing.start()
        try:
            self._process.wait()
        finally:
            killing.cancel()
        shutil.rmtree(self._directory, ignore_errors=True)  # where it could not
