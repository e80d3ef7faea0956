"""The files of a home's clusters and of their snapshots, while no server uses them."""

from __future__ import annotations

import shutil
from pathlib import Path

from bonkei.services.rds.backups import Backups, copy_server
from bonkei.services.rds.binaries import find_binaries
from bonkei.services.rds.files import ClusterFiles, ServerSpec
from bonkei.services.rds.place import find_place

_SNAPSHOTS = ".snapshots"  # no cluster's identifier begins with a dot


class Storage:
    """Clusters and snapshots by their identifiers. Methods block, and raise DatabaseError."""

    def __init__(self, home: Path) -> None:
        self._home = home

    def restore(self, source: str, to: str, moment: float | None) -> None:
        """A new cluster, as another one was at a moment; None: as it is now."""
        Backups(self._cluster(source)).restore(self._cluster(to), moment)

    def take_snapshot(self, source: str, running: ClusterFiles | None, to: str) -> None:
        """Of a cluster. `running`: the files of its server, if there is one."""
        if running is None:
            _copy(self._cluster(source), self._snapshot(to))
            return
        with self._snapshot(to).draft(running.directory) as draft:
            copy_server(running, draft, "fetch")

    def copy_snapshot(self, source: str, to: str) -> None:
        _copy(self._snapshot(source), self._snapshot(to))

    def restore_snapshot(self, source: str, to: str) -> None:
        """A new cluster from a snapshot."""
        _copy(self._snapshot(source), self._cluster(to))

    def rename(self, before: str, after: str) -> None:
        """A cluster, with its backups."""
        target = self._cluster(after).directory
        shutil.rmtree(target, ignore_errors=True)
        self._cluster(before).directory.rename(target)

    def remove(self, identifier: str) -> None:
        """A cluster, with its backups."""
        shutil.rmtree(self._cluster(identifier).directory, ignore_errors=True)

    def remove_snapshot(self, identifier: str) -> None:
        shutil.rmtree(self._snapshot(identifier).directory, ignore_errors=True)

    def _cluster(self, identifier: str) -> ClusterFiles:
        place = find_place(self._home)
        spec = ServerSpec(identifier, "", 0, Path())
        return ClusterFiles(spec, place, find_binaries(place))

    def _snapshot(self, identifier: str) -> ClusterFiles:
        place = find_place(self._home)
        place.make_directory(place.root / _SNAPSHOTS)
        spec = ServerSpec(f"{_SNAPSHOTS}/{identifier}", "", 0, Path())
        return ClusterFiles(spec, place, find_binaries(place))


def _copy(source: ClusterFiles, to: ClusterFiles) -> None:
    with to.draft(source.directory) as draft:
        shutil.copytree(source.data, draft)
