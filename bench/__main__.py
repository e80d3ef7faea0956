"""`python -m bench [NAME …]`: run the named measurements, or all; print tables in Markdown.

Other work disturbs the absolute figures: compare within a table. Each table is one run.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

from bench import (
    alarms,
    cloud,
    cloud_failures,
    console,
    edge,
    idle,
    log_routers,
    logs,
    monitor,
    permissions,
    program,
    releases,
    requests,
    setup,
    start,
    terraform,
)

MEASUREMENTS: dict[str, Callable[[], object]] = {
    "terraform": terraform.main,
    "start": start.main,
    "idle": lambda: idle.main([]),
    "edge": lambda: edge.main([]),
    "requests": requests.main,
    "cloud": lambda: cloud.main([]),
    "cloud-failures": cloud_failures.main,
    "console": lambda: console.main([]),
    "monitor": monitor.main,
    "permissions": permissions.main,
    "logs": logs.main,
    "log-routers": log_routers.main,
    "program": lambda: program.main([]),
    "releases": lambda: releases.main([]),
    "alarms": alarms.main,
    "setup": setup.main,
}


def main(arguments: list[str]) -> None:
    """Run them in the order of the table."""
    parser = argparse.ArgumentParser(
        prog="python -m bench", description="Run the named measurements, or all of them."
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(MEASUREMENTS))
    names = parser.parse_args(arguments).names
    if unknown := [name for name in names if name not in MEASUREMENTS]:
        parser.error(f"no measurement is called {unknown[0]}: {', '.join(MEASUREMENTS)}")
    for name, measure in MEASUREMENTS.items():
        if not names or name in names:
            print(f"\n## {name}\n", flush=True)
            measure()


if __name__ == "__main__":
    main(sys.argv[1:])
