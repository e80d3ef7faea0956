"""Makes the parts of an engine from its configuration."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bonkei.services.logs.router.aws.client import AwsClient
from bonkei.services.logs.router.aws.credentials import CredentialsProvider
from bonkei.services.logs.router.configuration import values
from bonkei.services.logs.router.configuration.model import Section
from bonkei.services.logs.router.outputs import NullOutput, Output
from bonkei.services.logs.router.outputs.cloudwatch import CloudWatchOutput
from bonkei.services.logs.router.outputs.s3 import S3Output

LEVELS = {"off": 0, "error": 1, "warn": 2, "info": 3, "debug": 4, "trace": 5}


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """The settings of `service`; times in seconds."""

    flush: float
    grace: float
    level: int
    storage: Path | None
    base: float
    cap: float

    @classmethod
    def read(cls, service: Section) -> EngineSettings:
        path = service.text("storage.path")
        return cls(
            values.decimal(service, "flush", 1.0),
            values.decimal(service, "grace", 5.0),
            LEVELS.get(service.text("log_level", "info"), 3),
            Path(path) if path else None,
            values.decimal(service, "scheduler.base", 5.0),
            values.decimal(service, "scheduler.cap", 2000.0),
        )


def make_output(
    section: Section, credentials: CredentialsProvider, report: Callable[[str, str], None]
) -> Output:
    """Raises RouterError for settings that cannot be understood."""

    def client(service: str) -> AwsClient:
        region = section.text("region", "us-east-1")
        return AwsClient(service, region, section.text("endpoint"), credentials)

    name = section.name.lower()
    if name == "s3":
        return S3Output.make(section, client("s3"), report)
    if name in ("cloudwatch_logs", "cloudwatch"):
        return CloudWatchOutput.make(section, client("logs"), report)
    return NullOutput()
