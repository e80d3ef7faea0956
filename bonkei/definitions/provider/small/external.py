"""The provider hashicorp/external (version 2.3): the answer of a program on this machine.

The program gets the query as a JSON object of strings on its standard input, and answers with one.
https://registry.terraform.io/providers/hashicorp/external/latest/docs/data-sources/external
"""

from __future__ import annotations

import json
import os
import subprocess

from bonkei.definitions.provider.addresses import VERSIONS
from bonkei.definitions.provider.behaviour import Context, DataSource, Refused
from bonkei.definitions.provider.provider import Provider
from bonkei.definitions.provider.schema import Block, ProviderSchema, computed, optional, required
from bonkei.definitions.provider.values import Object

ADDRESS = "registry.terraform.io/hashicorp/external"

_TIMEOUT = 600.0  # seconds; a program that builds a package takes its time
_EXTERNAL = Block(
    {
        "program": required(["list", "string"]),
        "working_dir": optional(),
        "query": optional(["map", "string"]),
        "result": computed(["map", "string"]),
        "id": computed(),
    }
)


def provider() -> Provider:
    """The provider: the data source `external`."""
    return Provider(
        schema=ProviderSchema(ADDRESS, VERSIONS[ADDRESS], data_sources={"external": _EXTERNAL}),
        data_sources={"external": DataSource(read=_read)},
    )


def _read(config: Object, _: Context) -> Object:
    program = [str(word) for word in config.get("program") or ()]
    if not program:
        raise Refused("No program", "program names at least the program itself.", ("program",))
    answer = _run(program, json.dumps(config.get("query") or {}), config.get("working_dir"))
    try:
        result = json.loads(answer)
    except ValueError as error:
        raise _wrong(program, f"does not answer in JSON: {error}.") from None
    if not isinstance(result, dict) or not all(isinstance(v, str) for v in result.values()):
        raise _wrong(program, "answers with something else than a JSON object of strings.")
    return {"result": result, "id": "-"}


def _run(program: list[str], query: str, directory: str | None) -> str:
    try:
        # Those of Python are for the provider's own process.
        done = subprocess.run(
            program,
            input=query,
            capture_output=True,
            text=True,
            cwd=directory or None,
            env={k: v for k, v in os.environ.items() if not k.startswith("PYTHON")},
            timeout=_TIMEOUT,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _wrong(program, f"cannot be run: {error}.") from None
    if done.returncode:
        said = done.stderr.strip()[-2000:] or "It said nothing."
        raise _wrong(program, f"ended with {done.returncode}. {said}")
    return done.stdout


def _wrong(program: list[str], what: str) -> Refused:
    return Refused("An external program failed", f"{program[0]} {what}", ("program",))
