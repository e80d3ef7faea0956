"""How this machine runs a runtime's identifier, or why it cannot.

`provided.al2023` and `provided.al2` run the package's own `bootstrap`. That program speaks the
runtime API itself. Identifiers: "Lambda runtimes" in the AWS Lambda Developer Guide.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

CLIENTS = Path(__file__).with_name("client")
PACKAGES = Path(__file__).parent / "data" / "python.txt"
"""The AWS SDK. Lambda's own Python runtimes contain it in addition to the standard library."""

_PYTHON = re.compile(r"python(3\.\d+)")
_NODE = re.compile(r"nodejs(\d+)\.x")


@dataclass(frozen=True, slots=True)
class Runtime:
    """`command` runs a client of the runtime API. `needs_packages`: of `PACKAGES`. `note`:
    differences from AWS. `refusal`: why it does not run. Then nothing else is set."""

    command: tuple[str, ...] = ()
    needs_packages: bool = False
    note: str = ""
    refusal: str = ""

    def but(self, problem: str) -> Runtime:
        """The same runtime, with a reason why it does not run. An empty reason changes nothing."""
        return replace(self, refusal=self.refusal or problem) if problem else self


def choose(
    identifier: str,
    package_type: str = "Zip",
    *,
    python: str,
    find: Callable[[str], str | None] = shutil.which,
) -> Runtime:
    """`python`: the version of the miniature's own interpreter, such as `3.11`."""
    if package_type == "Image":
        return Runtime(refusal="a function in a container image is not run: only packages are")
    if found := _PYTHON.fullmatch(identifier):
        note = ""
        if found[1] != python:
            note = f"{identifier} runs on this machine's Python {python}"
        return Runtime((str(CLIENTS / "python.py"),), needs_packages=True, note=note)
    if found := _NODE.fullmatch(identifier):
        node = find("node")
        if node is None:
            return Runtime(
                refusal=f"{identifier} needs Node.js, and there is no `node` on the PATH"
            )
        return Runtime((node, str(CLIENTS / "node.mjs")), note=f"{identifier} runs on `{node}`")
    if identifier.startswith("provided"):
        return Runtime(("bootstrap",))
    return Runtime(refusal=f"the runtime {identifier or 'that is not named'} is not run here: "
                           "Python, Node.js and `provided` are")  # fmt: skip
