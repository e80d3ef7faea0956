"""The clusters and snapshots that calls of RDS have made beside the definitions, as values."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Protocol

from bonkei.base import kept
from bonkei.blueprint.rds import DatabaseCluster
from bonkei.services.rds.storage import Storage


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A manual snapshot. `cluster`: as it was. `source`: the ARN of what it is a copy of."""

    identifier: str
    arn: str
    cluster: DatabaseCluster
    created: float
    kms_key_id: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Estate:
    """`clusters` are restored, or declared ones with other names. `away`: identifiers of declared
    clusters that have given up their name."""

    clusters: tuple[DatabaseCluster, ...] = ()
    away: tuple[str, ...] = ()
    snapshots: tuple[Snapshot, ...] = ()

    def over(self, declared: Iterable[DatabaseCluster]) -> tuple[DatabaseCluster, ...]:
        """Every cluster there is."""
        hidden = {*self.away, *(one.identifier for one in self.clusters)}
        return (*(one for one in declared if one.identifier not in hidden), *self.clusters)

    def put(self, cluster: DatabaseCluster, before: str = "") -> Estate:
        """With this cluster in place of the one that is called so."""
        former = before or cluster.identifier
        others = [one for one in self.clusters if one.identifier != former]
        away = {*self.away, former} - {cluster.identifier}
        return replace(self, clusters=(*others, cluster), away=tuple(sorted(away)))

    def without(self, identifier: str) -> Estate:
        return replace(
            self, clusters=tuple(one for one in self.clusters if one.identifier != identifier)
        )

    def keep(self, snapshot: Snapshot) -> Estate:
        """With this snapshot."""
        return replace(self, snapshots=(*self.snapshots, snapshot))

    def drop(self, snapshot: Snapshot) -> Estate:
        return replace(self, snapshots=tuple(one for one in self.snapshots if one != snapshot))

    def settled(self, declared: Iterable[DatabaseCluster]) -> Estate:
        """Without the clusters that have all of a declared one's names: the definitions win, and
        only its data is another's."""
        names = {one.identifier: _names(one) for one in declared}
        return replace(
            self,
            clusters=tuple(
                one
                for one in self.clusters
                if not one.instances or not _names(one) <= names.get(one.identifier, set())
            ),
            away=tuple(name for name in self.away if name in names),
        )


def _names(cluster: DatabaseCluster) -> set[str]:
    return {one.identifier for one in cluster.instances}


def read_estate(home: Path) -> Estate:
    """The estate of a home. Raises DamagedError."""
    return kept.read_json(_file(home), partial(kept.load, Estate)) or Estate()


def keep_estate(home: Path, estate: Estate) -> None:
    _file(home).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    kept.write_json(_file(home), asdict(estate))


def _file(home: Path) -> Path:
    return home / "database" / "beside.json"


class Servers(Protocol):
    """The running clusters. Methods raise BonkeiError."""

    @property
    def declared(self) -> Sequence[DatabaseCluster]: ...

    @property
    def estate(self) -> Estate: ...

    async def become(
        self, after: Callable[[Estate], Estate], change: Callable[[Storage], None] = lambda _: None
    ) -> None:
        """Stop the servers of clusters that go, `change` the files, and start the others. One such
        change comes after the other; one that fails leaves all as it was."""
        ...

    async def take_snapshot(self, snapshot: Snapshot) -> None: ...

    def share_password(self, source: DatabaseCluster, to: DatabaseCluster) -> None:
        """The master user of a restored cluster has the source's password."""
        ...

    def rotate(self, identifier: str) -> Awaitable[None]:
        """Give the master user a new password."""
        ...
