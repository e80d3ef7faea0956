"""Whether values match patterns, with a time limit.

A pattern such as `(a+)+` takes years for some values, and Python's `re` lets nothing else run
meanwhile, not even in another thread. So a separate process does the matching, and is ended when it
takes too long.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence

_PATIENCE = 60.0  # seconds for all patterns of a template
_LIMIT = 3  # seconds of a processor for them: a busy machine is not a fault
_LOOK = """
import json, re, resource, sys
resource.setrlimit(resource.RLIMIT_CPU, (int(sys.argv[1]),) * 2)
for name, (pattern, values) in json.load(sys.stdin).items():
    print(name, int(all(re.fullmatch(pattern, value) for value in values)), flush=True)
"""


def matching(asked: Mapping[str, tuple[str, Sequence[str]]]) -> Mapping[str, bool]:
    """Whether each value matches its pattern as a whole, by name. If a pattern took too long, its
    name and all later names are missing. This blocks, so call it in a thread."""
    if not asked:
        return {}
    process = subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", _LOOK, str(_LIMIT)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    try:
        said, _ = process.communicate(json.dumps(asked), timeout=_PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        said, _ = process.communicate()
    found = (line.split() for line in said.splitlines())
    return {name: fits == "1" for name, fits in found}
