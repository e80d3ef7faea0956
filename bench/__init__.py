"""Measurements. Unlike the tests, they show how fast something is, not whether it works."""

import sys
from pathlib import Path

# The programs are folders of the repository, not installed packages.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "program" / "backend"))
