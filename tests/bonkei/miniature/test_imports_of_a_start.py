"""A start imports only what each miniature needs at once."""

from __future__ import annotations

import subprocess
import sys

LATER = {
    "bonkei.check": "the page of a resource or of permissions",
    "bonkei.diagram": "the console's picture",
    "bonkei.faults.drill": "a drill",
    "google.protobuf": "a plan of Terraform",
}
"""Packages, and what imports them when it is asked for."""


def test_the_way_of_up_leaves_out_what_is_wanted_later() -> None:
    program = "import sys, bonkei.miniature.foreground; print(*sys.modules)"
    shown = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert not LATER.keys() & set(shown.stdout.split())
