"""Which room answers which service of AWS: the endpoint asks here, by botocore's names.

A new service: its name in `scripts/extract_service_models.py` (and run it), an `AwsService` in its
room, and a line here. docs/decisions/aws-endpoint.md has it in ten lines.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bonkei.aws_service import AwsService
from bonkei.cloud import ecs


def own_services(tasks: Callable[[], ecs.Ecs | None], logs: AwsService) -> Mapping[str, AwsService]:
    """`tasks`: what runs them, once something does. `logs`: CloudWatch Logs."""
    return {"ecs": ecs.service(tasks), "logs": logs}
