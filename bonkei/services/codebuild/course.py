"""The order of the phases, and the effect of a failure: pure.

"Build phase transitions",
https://docs.aws.amazon.com/codebuild/latest/userguide/view-build-details-phases.html: a build that
fails in INSTALL or PRE_BUILD continues with FINALIZING; POST_BUILD and UPLOAD_ARTIFACTS follow a
failed BUILD too.
"""

from __future__ import annotations

import re

from bonkei.base.tracebacks import raised
from bonkei.services.codebuild.buildspec.model import PHASES, Buildspec, OnFailure, PhaseSpec

_ERROR = re.compile(
    r"^\W*(?:error|fatal)\b|^[\w.]*(?:Error|Exception)\b.*:|: error: ", re.IGNORECASE
)
_COLOUR = re.compile(r"\x1b\[[\d;]*m")
_CAUSE = 600  # characters
_KEEP = 4_096  # characters of a failed command's output that are compared with a retry's pattern


def phase_spec(spec: Buildspec, name: str) -> PhaseSpec:
    """A phase of the buildspec. A missing phase has no commands, and succeeds."""
    found = [phase for phase in spec.phases if phase.name == name]
    return found[0] if found else PhaseSpec(name)


def following(phase: PhaseSpec, failed: bool) -> str:
    """The next phase: one of the buildspec's, "artifacts" or "end"."""
    if failed and phase.on_failure.action != "CONTINUE":
        aborted = phase.on_failure.action == "ABORT"
        if aborted or phase.name in ("install", "pre_build"):
            return "end"
    position = PHASES.index(phase.name)
    return PHASES[position + 1] if position + 1 < len(PHASES) else "artifacts"


def is_retried(rule: OnFailure, tried: int, output: str) -> bool:
    """Whether a failed phase runs again. `tried` counts the retries so far."""
    if rule.action != "RETRY" or tried >= rule.retries:
        return False
    from bonkei.grammar.waf_regex.anywhere import is_found  # noqa: PLC0415 - few builds have one

    return is_found(rule.pattern, output[-_KEEP:], dot_all=True)


def failure_message(command: str, code: int, output: str) -> str:
    """The message in CodeBuild's words, and then the last line of the output that names an error,
    and an exception's file and line: CodeBuild leaves the reader to look for them in the log."""
    lines = _COLOUR.sub("", output).splitlines()
    errors = [line.strip(" \t│╷╵") for line in lines if _ERROR.search(line)]
    cause, exception = errors[-1][:_CAUSE] if errors else "", raised(lines)
    if cause and exception.startswith(cause):
        cause = exception
    reason = f"exit status {code}" + (f": {cause}" if cause else "")
    return f"Error while executing command: {command}. Reason: {reason}"
