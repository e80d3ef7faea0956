"""Terraform through the miniature's provider: time, processor time and memory of each operation.

Each operation is a process of its own, as in `bonkei`. It is compared with `terraform validate` of
an empty module, the least that Terraform costs, and with a provider that does nothing. At the end
stands what a user waits for: the command, after a change of one line.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_TIMES = 3
"""Of the command, whose figures are medians."""
_LINE = "each.value.deregistration_delay\n"
"""What is changed, in the module of the edge."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """Wall seconds from start to end; seconds of a processor in each part; peak memory of the
    process and its largest child."""

    name: str
    seconds: float
    command: float
    terraform: float
    provider: float
    megabytes: float

    @property
    def processor(self) -> float:
        """The seconds of all parts."""
        return self.command + self.terraform + self.provider


def measure(
    name: str,
    definitions: Path,
    home: Path,
    variables: tuple[Path, ...] = (),
    answers: Path | None = None,
) -> Measurement:
    """Run one operation of a workspace in a process of its own; `answers`: of a provider that does
    nothing but give them."""
    operation = name.partition(",")[0].partition(" of ")[0].removeprefix("re-")
    begun = time.monotonic()
    outcome = subprocess.run(
        [
            sys.executable,
            "-m",
            "bench.terraform_operation",
            definitions,
            home,
            operation,
            *variables,
        ],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={**os.environ, **({"BENCH_ANSWERS": str(answers)} if answers else {})},
    )
    seconds = time.monotonic() - begun
    if outcome.returncode:
        sys.exit(f"error: {name}: {outcome.stderr.strip()[-2000:]}")
    return Measurement(name, seconds, **json.loads(outcome.stdout))


def resource_count(home: Path) -> int:
    """How many resources the state holds, data sources apart."""
    state = json.loads((home / "terraform" / "terraform.tfstate").read_text())
    return sum(
        len(resource["instances"])
        for resource in state["resources"]
        if resource["mode"] == "managed"
    )


def _operations(definitions: Path, scratch: Path) -> list[Measurement]:
    variables = (definitions / "environments" / "development.tfvars",)
    home, empty = scratch / "home", scratch / "empty"
    empty.mkdir()
    (empty / "main.tf").write_text("")
    rows = [measure("validate of nothing", empty, scratch / "floor")]
    measure("validate", definitions, home, variables)  # with an init, which only the first one has
    for name in ("validate", "plan", "apply", "re-plan", "re-apply"):
        rows.append(measure(name, definitions, home, variables))
        answers = scratch / f"{name}.answers"
        if name in ("validate", "re-plan"):
            measure(name, definitions, home, variables, answers)
            said = f"{name}, a provider that does nothing"
            rows.append(measure(said, definitions, home, variables, answers))
    print(f"{resource_count(home)} resources\n")
    return rows


def _copy(target: Path) -> Path:
    """The working copy's files, as git knows them."""
    named = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for name in filter(None, named.stdout.split("\0")):
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, target / name, follow_symlinks=False)
    return target


def _command(project: Path, *words: str) -> tuple[float, float]:
    """Wall seconds from the key until the shell asks for more, and seconds of a processor."""
    before, begun = os.times(), time.monotonic()
    outcome = subprocess.run(
        [Path(sys.executable).with_name("bonkei"), *words],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
        env={key: value for key, value in os.environ.items() if not key.startswith("BONKEI_")},
    )
    seconds, after = time.monotonic() - begun, os.times()
    if outcome.returncode:
        sys.exit(f"error: bonkei {' '.join(words)}: {outcome.stderr.strip()[-2000:]}")
    used = after.children_user + after.children_system
    return seconds, used - before.children_user - before.children_system


def _after_a_change(project: Path) -> dict[str, list[tuple[float, float]]]:
    """Of each command, after another change of one line each time."""
    _command(project, "apply")
    file = project / "infrastructure" / "modules" / "edge" / "load_balancer.tf"
    text = file.read_text(encoding="utf-8")
    if _LINE not in text:
        sys.exit(f"error: {file} has no line that ends with {_LINE.strip()}")
    found: dict[str, list[tuple[float, float]]] = {"validate": [], "plan": [], "apply": []}
    for number in range(1, _TIMES + 1):
        changed = text.replace(_LINE, f"{_LINE.strip()} + {number}\n", 1)
        file.write_text(changed, encoding="utf-8")
        for name, measured in found.items():
            measured.append(_command(project, name))
    return found


def main() -> None:
    """Print the tables."""
    # As in the Makefile: otherwise each process compiles a second's worth of modules.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    with tempfile.TemporaryDirectory() as scratch:
        _print_operations(*_operations(ROOT / "infrastructure", Path(scratch)))
        commands = _after_a_change(_copy(Path(scratch) / "copy"))
    print("\n| command, after a change of one line | seconds | seconds of a processor |")
    print("|---|---|---|")
    for name, measured in commands.items():
        seconds, processor = (sorted(each)[len(each) // 2] for each in zip(*measured, strict=True))
        print(f"| `bonkei {name}` | {seconds:.1f} | {processor:.1f} |")


def _print_operations(floor: Measurement, *rows: Measurement) -> None:
    print(
        "| operation | seconds | × validate of nothing | seconds of a processor "
        "| of them command, Terraform, provider | peak memory |"
    )
    print("|---|---|---|---|---|---|")
    for row in (floor, *rows):
        print(
            f"| {row.name} | {row.seconds:.1f} | {row.seconds / floor.seconds:.1f} "
            f"| {row.processor:.1f} | {row.command:.1f}, {row.terraform:.1f}, {row.provider:.1f} "
            f"| {row.megabytes:.0f} MB |"
        )
    sys.stdout.flush()
