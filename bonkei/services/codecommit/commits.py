"""Commits as git shows them, as values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bonkei.services.codecommit.git import git

FORMAT = "%H%x00%T%x00%P%x00%an%x00%ae%x00%ad%x00%cn%x00%ce%x00%cd%x00%B"
_FIELDS = 10
_LATEST = 253_402_300_799


@dataclass(frozen=True, slots=True)
class Person:
    """`date` in git's raw form: seconds since the epoch and the zone (`1767225600 +0900`)."""

    name: str
    email: str
    date: str

    @property
    def seconds(self) -> int:
        """Old or imported commits may have no date, or one beyond the year 9999."""
        try:
            return min(max(0, int(self.date.split()[0])), _LATEST)
        except (IndexError, ValueError):
            return 0


@dataclass(frozen=True, slots=True)
class Commit:
    id: str
    tree: str
    parents: tuple[str, ...]
    author: Person
    committer: Person
    message: str

    @property
    def author_date(self) -> str:
        return _iso(self.author)

    @property
    def committer_date(self) -> str:
        return _iso(self.committer)


async def read_commit(directory: Path, name: str) -> Commit:
    """The commit that a name stands for. Raises GitError."""
    text = await git(
        directory, "show", "--no-patch", "--date=raw", f"--format={FORMAT}",
        "--end-of-options", f"{name}^{{commit}}", "--",
    )  # fmt: skip
    fields = text.decode("utf-8", "replace").split("\0", _FIELDS - 1)
    id_, tree, parents, author, email, date, committer, its_email, its_date, message = fields
    return Commit(
        id_,
        tree,
        tuple(parents.split()),
        Person(author, email, date),
        Person(committer, its_email, its_date),
        message.rstrip("\n"),
    )


def _iso(person: Person) -> str:
    """The time in the form of the variables AuthorDate and CommitterDate."""

    return datetime.fromtimestamp(person.seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
