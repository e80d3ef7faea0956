"""`trivy image` of a packaged image: `python -m` this module, then `TRIVY image … IMAGE`.

Trivy looks for an image at a container engine or in a registry. One that an engine has built is
given to it as files, whole. A package has neither an operating system nor installed packages: its
files are unpacked and scanned as a file system: the lock files of packages, the Dockerfile,
secrets. Without Trivy's database, packages are not looked up; this is reported, and the rest is
scanned. Everything else is Trivy's own.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

# Collecting garbage is a third of a scan's work, and the process is short. Go's runtime does it
# more often again where memory gets tight.
_MEMORY = {"GOGC": "400", "GOMEMLIMIT": "1GiB"}


def main(arguments: Sequence[str]) -> int:
    """The exit code: Trivy's, or 1."""
    trivy, *rest = arguments
    for name, value in _MEMORY.items():
        os.environ.setdefault(name, value)
    if not rest or rest[0] not in ("image", "i"):
        os.execv(trivy, [trivy, *rest])  # noqa: S606 - it is Trivy itself
    from bonkei.services.ecr.docker.scanning import scan  # noqa: PLC0415 - other commands do not need it

    return scan(trivy, rest[1:])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
