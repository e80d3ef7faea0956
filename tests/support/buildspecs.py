"""Runs a buildspec as CodeBuild runs it, in its own directory and with doubles of commands.

Each entry of `commands` is a script. It starts in the directory and with the variables that the
previous entry left. Shell options do not carry over, so only the last command's status of a loop or
a list counts. `post_build` follows a failed `build`; any other failure ends the build.

Source: "Build specification reference for CodeBuild", on docs.aws.amazon.com, and the scripts that
the agent leaves in a build's container.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
BUILDSPECS = ROOT / "environment" / "buildspecs"

_PHASES = ("install", "pre_build", "build", "post_build")
_ENTRY = """\
cd "$(<"{state}/directory")" || exit 1
. "{state}/variables"
set -a
. "{state}/entry"
CODEBUILD_LAST_EXIT=$?
export -p >"{state}/variables"
pwd >"{state}/directory"
exit $CODEBUILD_LAST_EXIT
"""

# Records its call, fails when it is its turn, and otherwise does what its name says. It uses Bash's
# own commands only, because the PATH has nothing but doubles.
_STAND_IN = """\
#!{bash}
before=({calls}/*)
number=$((${{#before[@]}}))
[ -e "${{before[0]}}" ] && number=$((number + 1)) || number=1
until (set -C; : >"{calls}/$number") 2>/dev/null; do number=$((number + 1)); done
printf '%s\\0' "${{0##*/}}" "$@" >"{calls}/$number"
if [ "$number" = "${{FAILING_CALL:-}}" ]; then echo "call $number fails: $0 $*" >&2; exit 9; fi
{body}
"""

_REAL = ("cp", "find", "mkdir", "sed", "sha256sum", "tar")
_BASH = shutil.which("bash") or "/bin/bash"
_ENV = shutil.which("env") or "/usr/bin/env"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of a build: the failed entry ("" when none failed), the calls in order, the
    variables, and the output.
    """

    failed: str
    calls: Sequence[list[str]]
    variables: Mapping[str, str]
    output: str

    def called(self, *beginning: str) -> list[list[str]]:
        """The calls that begin with these words."""
        return [words for words in self.calls if words[: len(beginning)] == list(beginning)]


def read(name: str) -> dict[str, Any]:
    """A buildspec of this project."""
    return dict(yaml.safe_load((BUILDSPECS / f"{name}.yaml").read_text(encoding="utf-8")))


def entries(spec: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Each entry with its phase. An unknown key is refused, not skipped."""
    unknown = set(spec) - {"version", "env", "phases", "artifacts"}
    unknown |= set(spec.get("env", {})) - {"shell", "variables", "exported-variables"}
    for phase, found in spec["phases"].items():
        unknown |= ({phase} - set(_PHASES)) | (set(found) - {"commands"})
    if unknown or spec["version"] != 0.2 or spec.get("env", {}).get("shell") != "bash":
        raise NotImplementedError(f"not understood in a buildspec: {sorted(unknown)}")
    for phase in _PHASES:
        for command in spec["phases"].get(phase, {}).get("commands", ()):
            yield phase, command


class Machine:
    """A machine for builds. `source` is the build's input and `home` the builder's home.
    `commands` has the existing commands, each with the Bash that replaces it ("" does nothing,
    and succeeds).
    """

    def __init__(self, directory: Path, commands: Mapping[str, str] | None = None) -> None:
        self._directory = directory
        self._bin = directory / "bin"
        self._runs = 0
        self.source = directory / "source"
        self._bin.mkdir(parents=True)
        self.source.mkdir()
        for name in _REAL:
            if found := shutil.which(name):
                # Some call other commands, as tar calls gzip, so they get the real PATH.
                self.stand_in(name, f'PATH="{os.environ["PATH"]}" exec {found} "$@"')
        self.python()
        for name, body in (commands or {}).items():
            self.stand_in(name, body)

    def python(self) -> None:
        """Make `python3` a real one."""
        self.stand_in("python3", f'exec {sys.executable} "$@"')

    def stand_in(self, name: str, body: str, at: Path | None = None) -> Path:
        """Make a command, on the PATH or elsewhere."""
        file = at or self._bin / name
        calls = self._directory / "calls"
        file.write_text(_STAND_IN.format(bash=_BASH, calls=calls, body=body), encoding="utf-8")
        file.chmod(0o755)
        return file

    def run(
        self, spec: Mapping[str, Any], variables: Mapping[str, str], failing: int | None = None
    ) -> Outcome:
        """Run a build from a clean home. `failing` is the number of the failing call, from 1."""
        calls, home, state = self._begin()
        given = {**spec.get("env", {}).get("variables", {}), **variables}
        environment = {
            "PATH": str(self._bin),
            "HOME": str(home),
            "CODEBUILD_SRC_DIR": str(self.source),
            "CODEBUILD_BUILD_ID": "build:1",
            "AWS_REGION": "ap-northeast-1",
            **({"FAILING_CALL": str(failing)} if failing else {}),
            **given,
        }
        failed, output = "", ""
        for phase, entry in entries(spec):
            if failed and phase != "post_build":
                continue
            (state / "entry").write_text(f"{entry}\n", encoding="utf-8")
            outcome = subprocess.run(
                [_BASH, "-c", _ENTRY.format(state=state)],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
            )
            output += outcome.stdout
            if outcome.returncode:
                failed = failed or entry
                if phase not in ("build", "post_build"):
                    break
        return Outcome(failed, _recorded(calls), _exported(state, environment), output)

    def artifacts(self, spec: Mapping[str, Any], into: Path) -> Path:
        """Copy the artifacts of the build, as its patterns select them."""
        base = self.source / spec["artifacts"].get("base-directory", "")
        for pattern in spec["artifacts"]["files"]:
            # CodeBuild's `**/*` includes files at the top, as pathlib's does.
            for file in base.glob(pattern):
                if file.is_file():
                    target = into / file.relative_to(base)
                    target.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy2(file, target)
        return into

    def _begin(self) -> tuple[Path, Path, Path]:
        self._runs += 1
        calls = self._directory / "calls"
        shutil.rmtree(calls, ignore_errors=True)
        home = self._directory / f"home-{self._runs}"
        state = self._directory / f"state-{self._runs}"
        for directory in (calls, home, state):
            directory.mkdir()
        (state / "directory").write_text(f"{self.source}\n", encoding="utf-8")
        (state / "variables").touch()
        return calls, home, state


def _recorded(calls: Path) -> list[list[str]]:
    files = sorted(calls.iterdir(), key=lambda file: int(file.name))
    return [file.read_text(encoding="utf-8").split("\0")[:-1] for file in files]


def _exported(state: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """The variables after the last entry, as a shell reads them."""
    command = [
        _BASH,
        "-c",
        f'. "{state}/variables"; exec {_ENV} -0',
    ]  # not Python: every run ends so
    shown = subprocess.run(command, env=environment, capture_output=True, check=True)
    pairs = shown.stdout.decode().split("\0")[:-1]
    return dict(pair.split("=", 1) for pair in pairs)


def option(words: Sequence[str], name: str) -> str:
    """An option's value, after a space or a `=`; empty when the option is missing."""
    for index, word in enumerate(words):
        if word == name:
            return words[index + 1]
        if word.startswith(f"{name}="):
            return word.removeprefix(f"{name}=")
    return ""
