"""A release of the working copy names what it does not release."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from bonkei.services.codecommit import git, working_copy
from bonkei.services.codecommit.working_copy import Source, SourceError, commit_of, release

_WHO = {f"GIT_{one}_{what}": "me" for one in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
SAYS = "not committed, so not released: "


class Copy:
    """A working copy with a commit, and the pipeline's repository."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "project"
        self.repositories = folder / "repositories"
        self.root.mkdir()
        self.git("init", "-q", "-b", "main")
        self.git("init", "-q", "--bare", str(self.repositories / "shop.git"))
        for name in ("a.txt", "b.txt"):
            (self.root / name).write_text("as it was, and long enough to be found again\n")
        self.commit("first")

    def git(self, *words: str) -> str:
        return subprocess.run(
            ["git", "-c", "protocol.file.allow=always", *words], cwd=self.root, check=True,
            capture_output=True, text=True,
            env={**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, **_WHO},
        ).stdout.strip()  # fmt: skip

    def commit(self, title: str) -> None:
        self.git("add", "-A")
        self.git("commit", "-qm", title)

    def release(self, name: str = "HEAD") -> tuple[str, ...]:
        done = release(self.root, self.repositories, [Source("Source", "shop", "main")], name)
        assert done.commit == self.git("rev-parse", name)
        return done.notes


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    return Copy(tmp_path)


def test_a_clean_working_copy_is_released_whole(copy: Copy) -> None:
    assert copy.release() == ()


def test_changed_new_staged_removed_and_renamed_files_are_named(copy: Copy) -> None:
    (copy.root / "a.txt").write_text("changed\n")
    assert copy.release() == (f"{SAYS}a.txt",)
    copy.git("add", "a.txt")
    assert copy.release() == (f"{SAYS}a.txt",), "staged is not committed"
    (copy.root / "a new file.txt").touch()
    (copy.root / "\u65b0.txt").touch()
    assert copy.release() == (f"{SAYS}a.txt, a new file.txt, \u65b0.txt",)
    copy.git("mv", "b.txt", "c.txt")
    assert f"{SAYS}a.txt, b.txt (now c.txt), a new file.txt" in copy.release()[0]
    (copy.root / "c.txt").unlink()
    assert "c.txt" in copy.release()[0]


def test_the_commit_s_own_content_is_released(copy: Copy) -> None:
    (copy.root / "a.txt").write_text("changed\n")
    copy.release()
    released = copy.git("--git-dir", str(copy.repositories / "shop.git"), "show", "main:a.txt")
    assert released.startswith("as it was")


def test_settings_that_hide_untracked_files_change_nothing(copy: Copy) -> None:
    copy.git("config", "status.showUntrackedFiles", "no")
    copy.git("config", "core.quotePath", "true")
    (copy.root / "n\u00e9w.txt").touch()
    assert copy.release() == (f"{SAYS}n\u00e9w.txt",)


def test_ignored_files_are_not_named_and_many_are_counted(copy: Copy) -> None:
    (copy.root / ".gitignore").write_text("*.log\n")
    copy.commit("second")
    (copy.root / "x.log").touch()
    assert copy.release() == ()
    for number in range(7):
        (copy.root / f"{number}.txt").touch()
    assert copy.release() == (f"{SAYS}0.txt, 1.txt, 2.txt, 3.txt, 4.txt and 2 more",)


def test_a_submodule_with_another_commit_is_named(copy: Copy, tmp_path: Path) -> None:
    copy.git("clone", "-q", str(copy.root), str(tmp_path / "library"))
    copy.git("submodule", "--quiet", "add", str(tmp_path / "library"), "library")
    copy.commit("with a submodule")
    assert copy.release() == ()
    copy.git("-C", "library", "commit", "-q", "--allow-empty", "-m", "newer")
    assert copy.release() == (f"{SAYS}library",)


def test_only_the_miniatures_repository_gets_something(copy: Copy, tmp_path: Path) -> None:
    """Settings of the user would push the submodule's commit to its own home, or a signature."""
    home = tmp_path / "library.git"
    copy.git("clone", "-q", "--bare", str(copy.root), str(home))
    copy.git("submodule", "--quiet", "add", str(home), "library")
    before = copy.git("-C", str(home), "rev-parse", "main")
    copy.git("-C", "library", "commit", "-q", "--allow-empty", "-m", "not yet for others")
    copy.commit("with a submodule")
    copy.git("config", "push.recurseSubmodules", "on-demand")
    copy.git("config", "push.gpgSign", "true")
    assert copy.release() == ()
    assert copy.git("-C", str(home), "rev-parse", "main") == before


def test_a_shallow_clone_has_its_own_remedy(copy: Copy, tmp_path: Path) -> None:
    copy.git("commit", "-q", "--allow-empty", "-m", "second")
    copy.git("clone", "-q", "--depth=1", f"file://{copy.root}", str(tmp_path / "shallow"))
    copy.root = tmp_path / "shallow"
    with pytest.raises(SourceError, match="is a shallow clone") as caught:
        copy.release()
    assert "git fetch --unshallow" in caught.value.remedy


def test_a_refusal_says_why(copy: Copy) -> None:
    (copy.repositories / "shop.git" / "hooks" / "update").write_text("#!/bin/sh\nexit 1\n")
    (copy.repositories / "shop.git" / "hooks" / "update").chmod(0o755)
    with pytest.raises(SourceError, match=r"rejected.*hook declined"):
        copy.release()


def test_the_present_commit_by_another_name_names_them_and_an_older_one_does_not(
    copy: Copy,
) -> None:
    copy.git("commit", "-q", "--allow-empty", "-m", "second")
    (copy.root / "a.txt").write_text("changed\n")
    assert copy.release("main") == (f"{SAYS}a.txt",)
    assert not any(SAYS in note for note in copy.release("HEAD~1"))


def test_an_unknown_commit_and_a_folder_without_git_have_their_own_remedies(
    copy: Copy, tmp_path: Path
) -> None:
    with pytest.raises(SourceError, match="has no commit nothing") as caught:
        commit_of(copy.root, "nothing")
    assert "git fetch" in caught.value.remedy
    (tmp_path / "plain").mkdir()
    with pytest.raises(SourceError, match="is not a working copy") as caught:
        commit_of(tmp_path / "plain", "HEAD")
    assert "run it in a git repository" in caught.value.remedy


def test_a_commit_that_another_release_pushes_meanwhile_is_there(
    copy: Copy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """git refuses the slower of two equal pushes, because the branch is locked."""
    slower = tmp_path / "slower" / "git"
    slower.parent.mkdir()
    slower.write_text(f'#!/bin/sh\n\'{shutil.which("git")}\' "$@" && [ "$1" != push ]\n')
    slower.chmod(0o755)
    monkeypatch.setenv("PATH", f"{slower.parent}{os.pathsep}{os.environ['PATH']}")
    assert copy.release() == ()


def _trap(folder: Path, name: str) -> str:
    """A program that leaves a file when it runs."""
    program = folder / name
    program.write_text(f"#!/bin/sh\ntouch '{folder}/ran-{name}'\ncat\n")
    program.chmod(0o755)
    return str(program)


TRAPS = {
    "a hook": ("core.hooksPath", "hooks"),
    "a monitor of files": ("core.fsmonitor", "monitor"),
    "a filter": ("filter.a.clean", "clean"),
    "a process of filters": ("filter.a.process", "process"),
    "a program for signatures": ("gpg.program", "gpg"),
    "a remote helper": ("url.ext::{0}/helper %S .insteadOf", "{1}"),
    "the other end": ("remote.{1}.receivepack", "helper"),
}


@pytest.mark.parametrize("whose", ["the user's", "the tree's"])
@pytest.mark.parametrize("trap", TRAPS)
def test_no_program_of_a_configuration_runs(
    copy: Copy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trap: str, whose: str
) -> None:
    target = copy.repositories / "shop.git"
    (copy.root / ".gitattributes").write_text("*.txt filter=a\n")
    copy.commit("filtered")
    key, value = (each.format(tmp_path, target) for each in TRAPS[trap])
    if trap == "a hook":
        (tmp_path / "hooks").mkdir()
        for name in ("pre-push", "reference-transaction", "post-index-change"):
            _trap(tmp_path / "hooks", name)
        value = str(tmp_path / "hooks")
    elif "/" not in value:
        value = _trap(tmp_path, value)
    _trap(tmp_path, "helper")
    more = [("filter.a.required", "true"), ("log.showSignature", "true"),
            ("protocol.ext.allow", "always")]  # fmt: skip
    monkeypatch.setenv("HOME", str(tmp_path))
    for name, content in [(key, value), *more]:
        where = "--local" if whose == "the tree's" else "--global"
        subprocess.run(["git", "config", where, "--add", name, content], cwd=copy.root, check=True)
    (copy.root / "a.txt").write_text("changed\n")
    if (trap, whose) == ("a remote helper", "the tree's"):
        with pytest.raises(SourceError, match="transport 'ext' not allowed"):
            copy.release()
    else:
        assert copy.release() == (f"{SAYS}a.txt",)
    assert not [*tmp_path.rglob("ran-*")]


def test_the_user_says_which_folders_are_safe_and_what_is_ignored(
    copy: Copy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """git refuses the folder of another owner, unless the user's own settings name it."""
    monkeypatch.setenv("HOME", str(tmp_path))
    other = {"GIT_TEST_ASSUME_DIFFERENT_OWNER": "1"}
    monkeypatch.setattr(
        working_copy, "_environment", lambda root: {**git.of_a_stranger(root), **other}
    )
    with pytest.raises(SourceError, match="dubious ownership"):
        commit_of(copy.root, "HEAD")
    ignored = tmp_path / "ignored"
    ignored.write_text("*.swp\n")
    config = f"[safe]\n  directory = {copy.root}\n  directory = {copy.repositories}/shop.git\n"
    (tmp_path / ".gitconfig").write_text(f"{config}[core]\n  excludesFile = {ignored}\n")
    (copy.root / "a.swp").write_text("")
    assert commit_of(copy.root, "HEAD") == copy.git("rev-parse", "HEAD")
    assert working_copy._uncommitted(copy.root) == ()
