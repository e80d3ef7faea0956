"""Terraform through the miniature's provider: time, processor time and memory of each operation.

Each operation is a process of its own, as in `bonkei`, so its memory can be measured. It is
compared with `terraform validate` of an empty module, the least that Terraform costs.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

_OPERATION = """
import json, os, resource, sys
from pathlib import Path
from bonkei.terraform import Workspace
definitions, home, operation, *variables = sys.argv[1:]
space = Workspace(Path(definitions), Path(home), [Path(name) for name in variables])
result = getattr(space, operation)()
used = os.times()
own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
print(json.dumps({"megabytes": (own + children) / 1024, "processor": sum(used[:4])}))
"""


@dataclass(frozen=True, slots=True)
class Measurement:
    """Wall seconds from start to end of the process, and those of a processor with all of its
    children; peak memory of it and its largest child."""

    name: str
    seconds: float
    processor: float
    megabytes: float


def measure(name: str, definitions: Path, home: Path, variables: tuple[Path, ...]) -> Measurement:
    """Run one operation of a workspace in a process of its own."""
    begun = time.monotonic()
    outcome = subprocess.run(
        [sys.executable, "-c", _OPERATION, definitions, home, name.removeprefix("re-"), *variables],
        capture_output=True,
        text=True,
        check=False,
    )
    seconds = time.monotonic() - begun
    if outcome.returncode:
        sys.exit(f"error: {name}: {outcome.stderr.strip()[-2000:]}")
    used = json.loads(outcome.stdout)
    return Measurement(name, seconds, used["processor"], used["megabytes"])


def resource_count(home: Path) -> int:
    """How many resources the state holds, data sources apart."""
    state = json.loads((home / "terraform" / "terraform.tfstate").read_text())
    return sum(
        len(resource["instances"])
        for resource in state["resources"]
        if resource["mode"] == "managed"
    )


def main() -> None:
    """Print the table."""
    definitions = ROOT / "infrastructure"
    variables = (definitions / "environments" / "development.tfvars",)
    with tempfile.TemporaryDirectory() as scratch:
        home, empty = Path(scratch) / "home", Path(scratch) / "empty"
        empty.mkdir()
        (empty / "main.tf").write_text("")
        floor = measure("validate", empty, Path(scratch) / "floor", ())
        rows = [
            measure(name, definitions, home, variables)
            for name in ("validate", "plan", "apply", "re-plan", "re-apply")
        ]
        print(f"{resource_count(home)} resources\n")
    print("| operation | seconds | × validate of nothing | seconds of a processor | peak memory |")
    print("|---|---|---|---|---|")
    for row in (replace(floor, name="validate of nothing"), *rows):
        ratio = row.seconds / floor.seconds
        print(
            f"| {row.name} | {row.seconds:.1f} | {ratio:.1f} "
            f"| {row.processor:.1f} | {row.megabytes:.0f} MB |"
        )
