"""`python -m bonkei.services.rds`: prepares one server (`preparing` starts it)."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict

from bonkei.base.importing import importing

with importing():
    import psycopg

    from bonkei.services.rds.bootstrap import pending_restart, prepare
    from bonkei.services.rds.connection import Connection, Wanted
    from bonkei.services.rds.preparing import Prepared


def main() -> None:
    """Read the server and its wanted state, and write the result. Without both, do nothing."""
    given = sys.stdin.read()
    if not given:  # the miniature has ended meanwhile
        return
    server, state = json.loads(given)
    admin = Connection(**server)
    try:
        version = prepare(admin, Wanted(**state))
        found = Prepared(version, pending_restart(admin))
    except psycopg.Error as error:
        found = Prepared(refused=str(error))
    json.dump(asdict(found), sys.stdout)


if __name__ == "__main__":
    main()
