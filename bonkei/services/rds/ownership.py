"""Finds Bonkei's own objects on a user's server, and refuses a server with other data.

Everything that Bonkei creates there has a mark in its comment: the home and the cluster. A role or
a database without this mark is foreign and is never altered.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bonkei.services.rds.connection import MADE, Connection, Wanted
from bonkei.services.rds.errors import DatabaseError
from bonkei.services.rds.identity import FILE

# Databases and roles that a new server, or a managed service, already has.
_THE_SERVERS_OWN = frozenset(
    {"postgres", "rdsadmin", "azure_maintenance", "azure_sys", "cloudsqladmin", "alloydbadmin"}
)

_MARKED = re.compile(rf"{re.escape(MADE)} \((?P<home>[0-9a-f]{{16}}), (?P<cluster>[^()]*)\)")


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


def require_ours(
    found: Found, wanted: Wanted, mark: Mark, admin: Connection, *, shared: bool
) -> None:
    """Raises DatabaseError unless all needed names are free or ours, and the server is ours or
    `shared`.

    If the user of the URL is the master user itself, it is used, but not altered.
    """
    place = f"{admin.host}:{admin.port}"
    for kind, name, comment in _claimed(found, wanted, mark, admin):
        drop = f'DROP {kind.upper()} "{name}"'
        raise _refusal(f"the {kind} {name} at {place}", drop, comment, mark)
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


def _refusal(what: str, drop: str, comment: str, mark: Mark) -> DatabaseError:
    if not comment.startswith(MADE):
        return DatabaseError(
            f"{what} was not made by Bonkei, and stays unchanged",
            remedy="let BONKEI_DATABASE_URL name a server without that name, or unset it to use "
            "the built-in server",
        )
    found = _MARKED.fullmatch(comment)
    steps = ["let BONKEI_DATABASE_URL name another server"]
    if found and found["home"] != mark.home and found["cluster"] == mark.cluster:
        steps.append(
            "when the other home is gone and this one is to have its data, write its id, "
            f"{found['home']}, into {FILE} in this home in place of what is there"
        )
    steps.append(f"when it is no longer needed, remove it there: {drop}")
    return DatabaseError(
        f"{what} was made by Bonkei for another home or cluster", remedy="; or, ".join(steps)
    )
