"""Commands: shell commands in a build of CodePipeline's own, as an action and as a rule.

https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-Commands.html and
rule-reference-Commands.html: no project, the role of the pipeline, the log group
`/aws/codepipeline/PIPELINE`, and 55 minutes at most.
"""

from __future__ import annotations

import json
from typing import Any

from bonkei.base.aws_service import AwsServiceError
from bonkei.services.codepipeline.actions.artifact import key_arn
from bonkei.services.codepipeline.actions.codebuild import follow
from bonkei.services.codepipeline.core.values import Finished
from bonkei.services.codepipeline.runners import (
    ActionWork,
    AfterRestart,
    BuildOrder,
    Builds,
    OwnBuild,
)

_MINUTES = 55
_MOST, _LONGEST = 50, 1_000
# The settings of an action that have no effect on a build of this machine.
_COMPUTE = ("EnvironmentType", "ComputeType")
_TYPES = ("PLAINTEXT", "SECRETS_MANAGER")  # "EnvironmentVariable" of the API reference


class Commands:
    """Provider Commands. The build reads and writes the artifacts with the pipeline's role."""

    after_restart: AfterRestart = "follow"

    def __init__(self, builds: Builds) -> None:
        self._builds = builds

    async def run(self, work: ActionWork) -> Finished:
        return await follow(self._builds, work, _order)


def _order(work: ActionWork) -> BuildOrder:
    pipeline, sources = work.pipeline.name, work.run.inputs
    _require_simulated(work)
    minutes = work.action.timeout_minutes or _MINUTES
    return BuildOrder(
        # A dot, because no project's name has one.
        project=f"{pipeline}.commands",
        initiator=f"codepipeline/{pipeline}",
        execution_id=work.execution_id,
        environment=work.run.environment,
        sources=sources,
        outputs=work.run.outputs,
        key_arn=key_arn(work),
        source_version=sources[0].revision if sources else "",
        own=OwnBuild(
            role_arn=work.role,
            log_group=f"/aws/codepipeline/{pipeline}",
            buildspec=_buildspec(work),
            minutes=min(minutes, _MINUTES),
        ),
    )


def _require_simulated(work: ActionWork) -> None:
    others = sorted(work.settings.keys() - set(_COMPUTE))
    if others:
        raise AwsServiceError("NotSimulated", f"{others[0]} of Commands is not simulated")
    kind = work.settings.get("EnvironmentType", "LINUX_CONTAINER")
    if kind != "LINUX_CONTAINER":
        raise AwsServiceError("NotSimulated", f"the EnvironmentType {kind} is not simulated")
    for name, _, of in work.run.environment:
        if of not in _TYPES:
            raise AwsServiceError(
                "ConfigurationError",
                f"the variable {name} is of the type {of}: {' or '.join(_TYPES)} is needed",
            )


def _buildspec(work: ActionWork) -> str:
    """The commands as a buildspec, in JSON, which is YAML. Raises AwsServiceError."""
    commands = work.run.commands
    if not 1 <= len(commands) <= _MOST:
        raise AwsServiceError(
            "ConfigurationError", f"{len(commands)} commands: 1 to {_MOST} are needed"
        )
    for number, command in enumerate(commands, start=1):
        if "\n" in command:
            raise AwsServiceError(
                "ConfigurationError",
                f"command {number} has several lines: write each as a command of its own",
            )
        if not 1 <= len(command) <= _LONGEST:
            raise AwsServiceError(
                "ConfigurationError",
                f"command {number} has {len(command)} characters: 1 to {_LONGEST} are possible",
            )
    made: dict[str, Any] = {"version": "0.2", "phases": {"build": {"commands": list(commands)}}}
    if work.action.output_variables:
        made["env"] = {"exported-variables": list(work.action.output_variables)}
    if work.run.outputs:
        made["artifacts"] = {"files": list(work.action.output_files)}
    return json.dumps(made)
