"""`python -m bonkei.services.ecr.docker build -t IMAGE FOLDER`"""

from __future__ import annotations

import sys

from bonkei.base.importing import importing

with importing():
    from bonkei.services.ecr.docker.commands import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
