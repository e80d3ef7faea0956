"""`python -m bench.terraform_operation DEFINITIONS HOME OPERATION [VARIABLES …]`: one operation.

Prints as JSON what each part of it has used. With BENCH_ANSWERS in the environment, a provider that
does nothing takes the real one's place (`bench.terraform_ready`).
"""

from __future__ import annotations

import json
import os
import resource
import sys
from pathlib import Path

from bonkei.definitions.terraform import place
from bonkei.definitions.terraform.runs.provider_process import ProviderProcess
from bonkei.definitions.terraform.workspace import Workspace


def _processor(who: int) -> float:
    used = resource.getrusage(who)
    return used.ru_utime + used.ru_stime


class _Measured(ProviderProcess):
    """It is stopped when Terraform has ended: children have used until then what Terraform has."""

    terraform = provider = 0.0

    def stop(self) -> None:
        before = _processor(resource.RUSAGE_CHILDREN)
        super().stop()
        _Measured.terraform = before
        _Measured.provider = _processor(resource.RUSAGE_CHILDREN) - before


def main() -> None:
    """Run the operation."""
    definitions, home, operation, *variables = sys.argv[1:]
    vars(place)["ProviderProcess"] = _Measured
    if "BENCH_ANSWERS" in os.environ:
        ProviderProcess.module = "bench.terraform_ready"
    space = Workspace(Path(definitions), Path(home), [Path(name) for name in variables])
    getattr(space, operation)()
    largest = [
        resource.getrusage(who).ru_maxrss
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    ]
    parts = {
        "command": _processor(resource.RUSAGE_SELF),
        "terraform": _Measured.terraform,
        "provider": _Measured.provider,
        "megabytes": sum(largest) / 1024,
    }
    print(json.dumps(parts))


if __name__ == "__main__":
    main()
