"""`python -m bonkei.services.logs.queries`: runs one query (`queries` starts it).

A query is a person's program: a regular expression of it may never end. So it has a process of its
own, with bounds for time and memory.
"""

from __future__ import annotations

import json
import resource
import sys
from dataclasses import asdict

from bonkei.services.logs.queries.search import Search, search

_SECONDS = 60  # of a processor
_BYTES = 2 << 30


def main() -> None:
    """Read a Search, and write its Result."""
    given = sys.stdin.read()
    if not given:  # the miniature has ended meanwhile
        return
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_AS, (_BYTES, _BYTES))
    members = json.loads(given)
    found = search(Search(**{**members, "groups": tuple(members["groups"])}))
    json.dump(asdict(found), sys.stdout)


if __name__ == "__main__":
    main()
