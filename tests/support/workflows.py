"""Runs the shell of GitHub's steps here: those of a workflow's job, or of a composite action.

Of the format it knows what ours use: `run`, `env`, `id`, `working-directory`, expressions that are
a name, and the files for outputs, the summary and the path. Steps with `uses` are programs of
others, and are left out.
https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_EXPRESSION = re.compile(r"\$\{\{\s*([\w.-]+)\s*\}\}")


@dataclass
class Ran:
    """What the steps left. `code`: of the first that failed."""

    code: int = 0
    said: str = ""
    outputs: dict[str, str] = field(default_factory=dict)
    summary: str = ""


def run_steps(
    steps: Sequence[Mapping[str, Any]],
    folder: Path,
    files: Path,
    known: Mapping[str, str],
    environment: Mapping[str, str] = os.environ,
) -> Ran:
    """Run them in `folder`. `known`: the values of expressions, by name. `files`: a folder for
    what they write."""
    values, environment = dict(known), dict(environment)
    ran = Ran()
    for step in steps:
        if "run" not in step or ran.code:
            continue
        written = {
            name: files / name for name in ("GITHUB_OUTPUT", "GITHUB_PATH", "GITHUB_STEP_SUMMARY")
        }
        for file in written.values():
            file.write_text("")
        done = subprocess.run(
            # As `shell: bash` does: "Exit codes and error action preference".
            [
                "bash",
                "--noprofile",
                "--norc",
                "-eo",
                "pipefail",
                "-c",
                _filled(step["run"], values),
            ],
            cwd=folder / _filled(step.get("working-directory", "."), values),
            env={
                **environment,
                **{name: _filled(text, values) for name, text in step.get("env", {}).items()},
                **{name: str(file) for name, file in written.items()},
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        ran.said += done.stdout
        ran.code = done.returncode
        ran.summary += written["GITHUB_STEP_SUMMARY"].read_text()
        for line in written["GITHUB_PATH"].read_text().splitlines():
            environment["PATH"] = f"{line}:{environment['PATH']}"
        for line in written["GITHUB_OUTPUT"].read_text().splitlines():
            name, _, value = line.partition("=")
            ran.outputs[name] = values[f"steps.{step['id']}.outputs.{name}"] = value
    return ran


def _filled(text: str, values: Mapping[str, str]) -> str:
    """Each expression replaced by its value. KeyError for one that is not known."""
    return _EXPRESSION.sub(lambda found: values[found[1]], str(text))
