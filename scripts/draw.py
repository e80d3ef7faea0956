"""Draw docs/architecture.md and its translation anew: `make diagrams`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COMMAND = (
    "diagram",
    "--var-file=infrastructure/environments/production.tfvars",
    "--template=environment/terraform_pipeline.yaml",
    "--output=docs/diagrams",
    "--page=docs/architecture.md",
    "--page=docs/architecture.ja.md",
)


def main() -> None:
    """Draw as a user would, from the project's root."""
    bonkei = Path(sys.executable).parent / "bonkei"
    sys.exit(subprocess.run([str(bonkei), *COMMAND], cwd=ROOT, check=False).returncode)


if __name__ == "__main__":
    main()
