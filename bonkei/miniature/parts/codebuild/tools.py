"""The programs behind a build's commands: the miniature's own Terraform, Trivy and `aws`."""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import bonkei.services.codebuild
import bonkei.services.endpoint
from bonkei.base import kept
from bonkei.base.errors import BonkeiError
from bonkei.base.folders import bytes_of, entries
from bonkei.base.vault import WITHHELD, file_name
from bonkei.miniature import applied_elsewhere
from bonkei.services.lambda_.runtimes import PACKAGES

_TRIVY = Path(bonkei.services.codebuild.__file__).parent / "data" / "trivy.txt"
_AWS = Path(bonkei.services.endpoint.__file__).parent / "data" / "awscli.txt"
PLACE = "place.json"
APPLIED = "applied.json"
"""The resources that Terraform has applied in the build, in the provider's share."""
CARRIED = "carried"
"""The files that its resources name."""


_PARTS = ("secrets", "terraform", CARRIED)
_READ = ("secretsmanager:GetSecretValue", "ssm:GetParameter")
_WRITE = ("secretsmanager:PutSecretValue", "ssm:PutParameter")


class Commands:
    """The command lines of a build's tools. Missing tools are installed when a build first runs.
    `terraform`: an executable to use instead of the library."""

    def __init__(
        self, install: Callable[[Sequence[Path]], Awaitable[Path]], terraform: str | None
    ) -> None:
        self._install = install
        self._terraform = terraform

    async def all(self, say: Callable[[str], None]) -> Mapping[str, Sequence[str]]:
        """By name. A tool that cannot be installed reports this when it is called, because a build
        may not need it."""
        return {
            "terraform": (
                *(sys.executable, "-P", "-m", "bonkei.miniature.parts.codebuild.terraform"),
                self._terraform or "",
            ),
            "docker": (sys.executable, "-P", "-m", "bonkei.services.ecr.docker"),
            "trivy": (
                *(sys.executable, "-P", "-m", "bonkei.services.ecr.docker.scan"),
                *await self.trivy(say),
            ),
            "aws": await self._installed("aws", _AWS, say),
        }

    async def trivy(self, say: Callable[[str], None]) -> Sequence[str]:
        """Trivy itself, or a command that fails and says why there is none."""
        return await self._installed("trivy", _TRIVY, say)

    async def python(self, say: Callable[[str], None]) -> Path | None:
        """An environment with the packages that the Python of CodeBuild's images has; None, and a
        line for the log, if it cannot be made."""
        try:
            return await self._install((PACKAGES,))
        except BonkeiError as error:
            say(f"boto3 is not there: {error.message}")
            return None

    async def _installed(self, name: str, lock: Path, say: Callable[[str], None]) -> Sequence[str]:
        if name == "trivy" and (own := shutil.which("trivy")):
            return (own,)
        try:
            program = await self._install((lock,)) / "bin" / name
        except BonkeiError as error:
            say(f"{name} is not there: {error.message}")
            return _refusal(name, error.message)
        if program.is_file():
            return (str(program),)
        why = f"there is no {name} on the PATH, and its package has none for this machine"
        return _refusal(name, why)


def _refusal(name: str, why: str) -> Sequence[str]:
    """A command that fails, and reports that nothing was done."""
    said = f"{name}: {why}. NOTHING was done. Put {name} on the PATH of `bonkei up`."
    return (sys.executable, "-I", "-c", f"import sys; sys.exit({said!r})")


class Provider:
    """The provider's share of the home for a build's Terraform. It is copied into the build's
    folder, and changed values are copied back. So a build writes only below its own folder."""

    def __init__(
        self,
        home: Path,
        account_id: str,
        existing: Sequence[Mapping[str, Any]],
        may: Callable[[str, str, str], str],
        arns: Callable[[], Iterable[str]],
        aws_rules: str = "error",
    ) -> None:
        """`may`: why a role may not do an action on a secret or a parameter of the account. `arns`:
        of those that the account has."""
        self._may = may
        self._arns = arns
        self._home = home
        self._account = account_id
        self._existing = existing
        self._aws_rules = aws_rules

    def prepare(self, folder: Path, buildspec: str, role: str) -> Mapping[str, str]:
        """More variables. Only a build that runs Terraform gets secrets' values: those that its
        role may read."""
        if "terraform" not in buildspec:
            return {}
        own = folder / "provider"
        (own / "terraform").mkdir(parents=True, mode=0o700)
        (own / "secrets").mkdir(mode=0o700)
        known = dict[str, str]()
        for file in self._files():
            name = str(file.relative_to(self._home))
            if file.parent.name == "secrets" and (why := self._denial(file.name, role, _READ)):
                _write(own / WITHHELD / file.name, why.encode())
            elif (content := bytes_of(file)) is not None:
                _write(own / name, content)
                known[name] = _digest(content)
        place = {
            "account_id": self._account, "aws_rules": self._aws_rules,
            "existing": list(self._existing), "known": known,
        }  # fmt: skip
        (own / PLACE).write_text(json.dumps(place, default=str), encoding="utf-8")
        return {"MINIATURE_PROVIDER": str(own), "CHECKPOINT_DISABLE": "1"}

    def collect(self, folder: Path, role: str) -> Sequence[str]:
        """Take new and changed secrets, if the role may write them, and increased counters. Returns
        a line for each secret that is not taken."""
        own = folder / "provider"
        if not own.is_dir():
            return ()
        if any(place.resolve() != place for place in (own, *(own / part for part in _PARTS))):
            return ("The provider's folder has become a link: nothing of it is kept",)
        refused = []
        known = json.loads((own / PLACE).read_text(encoding="utf-8"))["known"]
        for file in entries(own / "secrets"):
            name = f"secrets/{file.name}"
            if file.name.startswith(".") or file.is_symlink() or not file.is_file():
                continue
            content = file.read_bytes()
            if known.get(name) == _digest(content) or content == bytes_of(self._home / name):
                continue
            if why := self._denial(file.name, role, _WRITE):
                refused.append(f"{file.name} is not kept: {why}")
            else:
                _write(self._home / name, content)
        self._count_on(own / "terraform" / "counters.json")
        if (own / APPLIED).is_file() and not (own / APPLIED).is_symlink():
            content = (own / APPLIED).read_bytes()
            applied_elsewhere.keep(self._home, content, own / CARRIED)
        return refused

    def _denial(self, name: str, role: str, actions: tuple[str, str]) -> str:
        """Why the role may not do the action on the secret (or the other, on the parameter) of this
        file. The name of one that is not made yet is read from the file's name."""
        written = unquote(name)
        arns = [arn for arn in self._arns() if file_name(arn) == name and ":rds:" not in arn]
        is_parameter = written.startswith("arn:aws:ssm:")
        path = written.partition(":parameter/")[2]
        path = f"parameter/{path}" if is_parameter else f"secret:{written}"
        made = arns[0].split(":", 5)[5] if arns else path
        return self._may(role, actions[is_parameter], made)

    def _count_on(self, file: Path) -> None:
        if not file.is_file() or file.is_symlink():
            return
        there = self._home / "terraform" / "counters.json"
        before = kept.parsed(there.read_bytes()) if there.is_file() else {}
        now = kept.parsed(file.read_bytes())
        names = {*before, *now}
        merged = {name: max(int(before.get(name, 0)), int(now.get(name, 0))) for name in names}
        if merged != before:
            there.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            kept.write_json(there, merged, indent=1, sort_keys=True)

    def _files(self) -> list[Path]:
        secrets = self._home / "secrets"
        found = [file for file in entries(secrets) if file.is_file()]
        counters = self._home / "terraform" / "counters.json"
        return [*found, *([counters] if counters.is_file() else [])]


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _write(file: Path, content: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = file.with_name(f".{file.name}.build")
    draft.touch(mode=0o600)
    draft.write_bytes(content)
    draft.replace(file)
