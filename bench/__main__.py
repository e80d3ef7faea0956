"""`python -m bench [NAME …]`: run the named measurements, or all; print tables in Markdown.

These machines are noisy: compare within a table, which is always one run.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

from bench import edge, start, terraform

MEASUREMENTS: dict[str, Callable[[], object]] = {
    "terraform": terraform.main,
    "start": start.main,
    "edge": lambda: edge.main([]),
}


def main(names: list[str]) -> None:
    """Run them in the order of the table."""
    unknown = [name for name in names if name not in MEASUREMENTS]
    if unknown:
        sys.exit(f"error: no measurement is called {unknown[0]}: {', '.join(MEASUREMENTS)}")
    for name, measure in MEASUREMENTS.items():
        if not names or name in names:
            print(f"\n## {name}\n", flush=True)
            measure()


if __name__ == "__main__":
    main(sys.argv[1:])
