"""Finds Bonkei's own objects on a user's server, and refuses a server with other data.

Everything that Bonkei creates there has a mark in its comment: the home and the cluster. A role or
a database without this mark is foreign and is never altered.
"""

from __future__ import annotations

import hashlib
import os
import platform
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bonkei.database.bootstrap import MADE, Connection, Wanted
from bonkei.database.errors import DatabaseError

# Databases and roles that a new server, or a managed service, already has.
_THE_SERVERS_OWN = frozenset(
    {"postgres", "rdsadmin", "azure_maintenance", "azure_sys", "cloudsqladmin", "alloydbadmin"}
)


@dataclass(frozen=True, slots=True)
class Mark:
    """The comment on everything that Bonkei creates. `home` is a home's id, `cluster` an
    identifier."""

    home: str
    cluster: str

    @property
    def text(self) -> str:
        return f"{MADE} ({self.home}, {self.cluster})"

    def is_of_this_home(self, comment: str) -> bool:
        return comment.startswith(f"{MADE} ({self.home}, ")


@dataclass(frozen=True, slots=True)
class Found:
    """The content of a server. `roles`: name -> comment; `databases`: name -> (owner, comment).

    `tables`: how many relations of users are in the connected database.
    """

    version: int  # server_version_num
    roles: dict[str, str]
    databases: dict[str, tuple[str, str]]
    tables: int = 0


def home_id(home: Path) -> str:
    """The id of a home. It is kept in the home, so it stays the same after a reset and after a
    move."""
    file = home / "database" / "id"
    if file.is_file() and (kept := file.read_text(encoding="ascii").strip()):
        return kept
    place = f"{platform.node()} {os.getuid()} {home.resolve()}"
    name = hashlib.sha256(place.encode(errors="surrogateescape")).hexdigest()[:16]
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    file.write_text(f"{name}\n", encoding="ascii")
    return name


def require_ours(
    found: Found, wanted: Wanted, mark: Mark, admin: Connection, *, shared: bool
) -> None:
    """Raises DatabaseError unless all needed names are free or ours, and the server is ours or
    `shared`.

    If the user of the URL is the master user itself, it is used, but not altered.
    """
    place = f"{admin.host}:{admin.port}"
    for kind, name, comment in _claimed(found, wanted, mark, admin):
        raise _refusal(place, kind, name, comment)
    others = sorted(_others(found, mark))
    if found.tables:
        others.append(f"{found.tables} tables or views in {admin.database}")
    if others and not shared:
        first = ", ".join(others[:3]) + (", …" if len(others) > 3 else "")
        raise DatabaseError(
            f"the server at {place} holds others' data ({first}), and stays unchanged",
            remedy="let BONKEI_DATABASE_URL name a separate server; or, if roles and a "
            "database may be added to this one, set in bonkei.toml:\n"
            "[database]\nshared = true",
        )


def is_used_as_it_is(found: Found, wanted: Wanted, mark: Mark, admin: Connection) -> bool:
    """Whether the master user is the URL's own user. Then it is not altered."""
    comment = found.roles.get(wanted.username)
    return comment not in (None, mark.text) and wanted.username == admin.user


def _claimed(
    found: Found, wanted: Wanted, mark: Mark, admin: Connection
) -> Iterator[tuple[str, str, str]]:
    """Needed names that are already taken: kind, name, comment."""
    comment = found.roles.get(wanted.username)
    as_it_is = is_used_as_it_is(found, wanted, mark, admin)
    if comment not in (None, mark.text) and not (as_it_is and admin.password):
        yield "role", wanted.username, comment or ""
    if wanted.database in found.databases:
        owner, comment = found.databases[wanted.database]
        if mark.text not in (comment, found.roles.get(owner, "")):
            yield "database", wanted.database, comment


def _others(found: Found, mark: Mark) -> Iterator[str]:
    for name, (owner, comment) in found.databases.items():
        is_ours = mark.is_of_this_home(comment) or mark.is_of_this_home(found.roles.get(owner, ""))
        if not is_ours and name not in _THE_SERVERS_OWN:
            yield f"the database {name}"


def _refusal(place: str, kind: str, name: str, comment: str) -> DatabaseError:
    if comment.startswith(MADE):
        return DatabaseError(
            f"the {kind} {name} at {place} was made by Bonkei for another home or cluster",
            remedy="let BONKEI_DATABASE_URL name another server; or, when nobody needs it any "
            f'more, remove it there: DROP {kind.upper()} "{name}"',
        )
    return DatabaseError(
        f"the {kind} {name} at {place} was not made by Bonkei, and stays unchanged",
        remedy="let BONKEI_DATABASE_URL name a server without that name, or unset it to use "
        "the built-in server",
    )
