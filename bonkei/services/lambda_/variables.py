"""The environment variables of a function.

Source: "Working with Lambda environment variables" (defined runtime variables) in the AWS Lambda
Developer Guide.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from bonkei.blueprint.lambda_.function import Function


def log_stream(function: Function, environment: str, at: float) -> str:
    """Each execution environment has its own stream. If the log group is not the function's own,
    the stream's name contains the function's name."""
    day = datetime.fromtimestamp(at, UTC).strftime("%Y/%m/%d")
    own = function.log_group == f"/aws/lambda/{function.name}"
    return f"{day}/{'' if own else function.name}[$LATEST]{environment}"


def variables(
    function: Function,
    region: str,
    stream: str,
    task_root: Path,
    layers: Iterable[Path],
    role: Mapping[str, str],
    translate: Callable[[Mapping[str, str]], Mapping[str, str]] = dict,
) -> dict[str, str]:
    """All variables, except for those that the execution environment adds. `role`: the credentials,
    and the address of AWS. `translate`: from AWS's names to the addresses on this machine."""
    roots = tuple(layers)
    declared = translate(dict(function.environment))
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(task_root),
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        "NODE_PATH": ":".join(str(root / "nodejs/node_modules") for root in roots),
        **declared,
        **role,
        "LD_LIBRARY_PATH": ":".join(
            str(path) for root in (task_root, *roots) for path in (root, root / "lib")
        ),
        "BONKEI_LAYERS": ":".join(str(root / "python") for root in roots),
        "_HANDLER": function.handler,
        "LAMBDA_TASK_ROOT": str(task_root),
        "LAMBDA_RUNTIME_DIR": str(task_root),
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{function.runtime}",
        "AWS_LAMBDA_FUNCTION_NAME": function.name,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory),
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": function.log_group,
        "AWS_LAMBDA_LOG_STREAM_NAME": stream,
        "AWS_LAMBDA_LOG_FORMAT": function.log_format,
        "AWS_LAMBDA_LOG_LEVEL": function.application_log_level,
    }
