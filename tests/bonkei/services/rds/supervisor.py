"""A supervisor to kill: it runs one cluster, prints its place, and waits.

python supervisor.py ROOT HOME PORT
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

sys.path.insert(0, sys.argv[1])

from bonkei.base.vault import FileVault
from bonkei.blueprint.rds import DatabaseCluster
from bonkei.services.rds.manager import Database


async def main() -> None:
    cluster = DatabaseCluster(
        "c",
        "arn",
        "main",
        "aurora-postgresql",
        "18.1",
        "e",
        "r",
        int(sys.argv[3]),
        "status",
        "master",
    )
    home = Path(sys.argv[2])
    database = Database(cluster, "127.0.0.1", home, FileVault(home / "secrets"))
    await database.start()
    print(database.snapshot().pid, flush=True)
    await asyncio.sleep(600)


asyncio.run(main())
