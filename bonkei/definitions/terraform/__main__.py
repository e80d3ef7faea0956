"""One operation on any directory: `python -m bonkei.definitions.terraform OPERATION DIRECTORY`.

For trying out definitions without a bonkei.toml.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

from bonkei.definitions.terraform.errors import TerraformError
from bonkei.definitions.terraform.inputs.programs import Consent
from bonkei.definitions.terraform.workspace import Workspace


def main() -> int:
    """Run the operation, print its result and duration, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bonkei.definitions.terraform")
    parser.add_argument(
        "operation", choices=("validate", "plan", "apply", "destroy", "state", "test", "fmt")
    )
    parser.add_argument("directory", type=Path)
    parser.add_argument("--var-file", type=Path, action="append", default=[])
    parser.add_argument("--home", type=Path, default=Path(".bonkei"))
    parser.add_argument("--allow-programs", action="store_true")
    options = parser.parse_args()
    consent = Consent(options.home / "programs.json", options.allow_programs)
    workspace = Workspace(options.directory, options.home, options.var_file, consent=consent)
    started = time.monotonic()
    try:
        print(_perform(workspace, options.operation))
    except TerraformError as error:
        print(error.message, error.remedy, sep="\n\n", file=sys.stderr)
        return 1
    finally:
        print(f"{time.monotonic() - started:.2f} s", file=sys.stderr)
    return 0


def _perform(workspace: Workspace, operation: str) -> str:
    match operation:
        case "validate":
            return "\n\n".join(w.render() for w in workspace.validate()) or "valid"
        case "plan":
            return workspace.plan().render()
        case "apply":
            return workspace.apply(progress=print).render()
        case "destroy":
            return workspace.destroy(progress=print).render()
        case "test":
            return workspace.test(report=print).summary()
        case "fmt":
            return "\n".join(workspace.fmt())
        case _:
            return json.dumps(workspace.state(), indent=1)


if __name__ == "__main__":
    sys.exit(main())
