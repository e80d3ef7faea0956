"""Releases a commit of the working copy: pushes it to the source repositories of a pipeline."""

from __future__ import annotations

import functools
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bonkei.base.errors import BonkeiError
from bonkei.services.codecommit.git import of_a_stranger
from bonkei.services.codecommit.hook import UNNOTICED

_SHOWN = 5  # files
_LINES = 3  # of git's message
_NOISE = (
    "hint:", "To ", "error: failed to push", "fatal: the remote end hung up",
    "send-pack: unexpected",
)  # fmt: skip
_SECONDS = 300.0
# This push is the miniature's own. The user's settings must not push submodules to other places
# with it, nor ask for a signature that a bare repository does not take.
# What has changed within a submodule is its own: its configuration may name programs, too.
_STATUS = ("status", "--porcelain", "-z", "--untracked-files=normal", "--ignore-submodules=dirty")
_PUSH = ("push", "--quiet", "--recurse-submodules=no", "--no-signed", "--no-follow-tags")


class SourceError(BonkeiError):
    """The working copy cannot be released."""


@dataclass(frozen=True, slots=True)
class Source:
    """A source action's repository in the miniature, and its branch."""

    action: str
    repository: str
    branch: str


@dataclass(frozen=True, slots=True)
class Released:
    """The push. `notes`: messages for the user."""

    commit: str
    title: str
    notes: tuple[str, ...]


def release(root: Path, repositories: Path, found: Sequence[Source], name: str) -> Released:
    """Push a commit of the working copy at `root` to each of them. The bare repositories exist,
    below one folder. Raises SourceError. Blocks."""
    commit = commit_of(root, name)
    notes = _uncommitted(root) if commit == commit_of(root, "HEAD") else ()
    for source in found:
        directory = repositories / f"{source.repository}.git"
        notes = (*notes, *_push(root, directory, commit, source))
    title = _git(root, "log", "-1", "--format=%s", commit)
    return Released(commit, title, notes)


def commit_of(root: Path, name: str) -> str:
    """The full id of a commit. Raises SourceError."""
    try:
        _git(root, "rev-parse", "--git-dir")
    except SourceError as error:
        remedy = f"run it in a git repository: {root}"
        raise SourceError(f"{root} is not a working copy: {error.message}", remedy=remedy) from None
    words = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
    try:
        return _git(root, *words)
    except SourceError:
        raise SourceError(
            f"the working copy {root} has no commit {name}",
            remedy="see `git log`; one that only another copy has needs `git fetch`",
        ) from None


def _push(root: Path, directory: Path, commit: str, source: Source) -> tuple[str, ...]:
    """Push to the branch. If that would remove commits from it, push beside it."""
    branch = f"refs/heads/{source.branch}"
    try:
        _git(root, *_PUSH, str(directory), f"{commit}:{branch}")
    except SourceError:
        if _tip(directory, branch) == commit:  # another release of it was quicker
            return ()
        _push_beside(root, directory, commit)
        return (f"{source.branch} stays where it is: {commit[:12]} is not ahead of it",)
    return ()


def _push_beside(root: Path, directory: Path, commit: str) -> None:
    try:
        _git(root, *_PUSH, str(directory), f"{commit}:refs/releases/{commit}")
    except SourceError as error:
        if "shallow update not allowed" not in error.message:
            raise
        raise SourceError(
            f"{root} is a shallow clone, and a repository takes only whole histories",
            remedy="run `git fetch --unshallow`",
        ) from None


def check_out(root: Path, name: str, tree: Path) -> Path:
    """Write the files of a commit into the new folder `tree`. Returns the folder of the working
    copy that it stands for: `root` may be below it. Nothing there changes. Raises SourceError."""
    commit = commit_of(root, name)
    top = Path(_git(root, "rev-parse", "--show-toplevel")).resolve()
    tree.mkdir()
    index = tree.with_name(f"{tree.name}.index")
    _git(top, "read-tree", commit, index=index)
    _git(top, "checkout-index", "--all", f"--prefix={tree}/", index=index)
    return top


def _tip(directory: Path, branch: str) -> str:
    """The commit of a branch; empty if there is none."""
    try:
        return _git(directory, "rev-parse", "--verify", "--quiet", branch)
    except SourceError:
        return ""


def _uncommitted(root: Path) -> tuple[str, ...]:
    """A note that names the files whose present content the commit does not have."""
    # -z: names as they are, without quotes; the user's settings may hide untracked files.
    entries = iter(_git(root, *_STATUS).split("\0"))
    names = []
    for entry in entries:
        if not entry:
            continue
        names.append(entry[3:])
        if "R" in entry[:2] or "C" in entry[:2]:
            names[-1] = f"{next(entries, '')} (now {names[-1]})"
    if not names:
        return ()
    names = ["".join(c if c.isprintable() else "?" for c in name) for name in names]
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return (f"not committed, so not released: {', '.join(names[:_SHOWN])}{more}",)


_environment = functools.cache(of_a_stranger)


def _git(root: Path, *words: str, index: Path | None = None) -> str:
    """`index`: a file in place of the working copy's own index."""
    variables = {} if index is None else {"GIT_INDEX_FILE": str(index)}
    try:
        done = subprocess.run(
            ["git", *words],
            cwd=root,
            env={**_environment(root), UNNOTICED: "1", **variables},
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SourceError(f"git {words[0]}: {error}", remedy="install git") from None
    if done.returncode:
        raise SourceError(f"git {words[0]}: {_reason(done.stderr) or done.returncode}")
    return done.stdout.strip("\n")


def _reason(said: str) -> str:
    """The lines of git's message that say why."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    telling = [line for line in lines if not line.startswith(_NOISE)]
    return "; ".join((telling or lines)[-_LINES:])
