"""`python -m bonkei.registry.docker build -t IMAGE FOLDER`"""

from __future__ import annotations

import sys

from bonkei.importing import importing

with importing():
    from bonkei.registry.docker.commands import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
