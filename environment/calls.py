"""The commands of the set-up, each shown before it runs: `?` reads, `$` changes something."""

from __future__ import annotations

import json
import shlex
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


class SetUpError(Exception):
    """The set-up ends here; the message says why, and what to do. It can be run again."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What AWS has said: `found`, or why not. `code`: AWS's word for an error, such as NotFound."""

    found: Any = None
    trouble: str = ""

    def __bool__(self) -> bool:
        return not self.trouble

    def says(self, *codes: str) -> bool:
        """Whether it is one of these errors."""
        return any(code in self.trouble for code in codes)


class Calls:
    """Calls of `aws` in one region, and of git and Terraform. `dry`: nothing is changed."""

    def __init__(self, region: str, *, dry: bool) -> None:
        self._region, self.dry = region, dry

    def look(self, *words: str) -> Answer:
        """Read from AWS."""
        return self.ask(*self._aws(words))

    def ask(self, *command: str) -> Answer:
        """Run a command that changes nothing. Its JSON, or else its text."""
        print(f"? {shlex.join(command)}", flush=True)
        outcome = _run(command, quiet=True)
        if outcome.returncode:
            return Answer(trouble=outcome.stderr.strip() or f"it ended with {outcome.returncode}")
        text = outcome.stdout.strip()
        try:
            return Answer(json.loads(text or "null"))
        except ValueError:
            return Answer(text)

    def do(self, *words: str, typed: str = "") -> None:
        """Change something on AWS. `typed`: its standard input, which is not shown."""
        self.run(*self._aws(words), typed=typed)

    def run(self, *command: str, typed: str = "") -> None:
        """SetUpError when it fails."""
        print(f"{'would run:' if self.dry else '$'} {shlex.join(command)}", flush=True)
        if not self.dry and (code := _run(command, typed=typed).returncode):
            raise SetUpError(
                f"{shlex.join(command[:3])} ended with {code}; its message is above. Once that is "
                "mended, run the set-up again: it goes on from here"
            )

    def _aws(self, words: Sequence[str]) -> list[str]:
        return ["aws", *words, "--region", self._region, "--output", "json"]


def _run(
    command: Sequence[str], *, typed: str = "", quiet: bool = False
) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            command, input=typed or None, capture_output=quiet, text=True, check=False
        )
    except FileNotFoundError as error:
        raise SetUpError(f"{command[0]} is not installed, or not on the PATH") from error
