"""A scan of an image, and what it has found.

Source: ImageScanStatus and ImageScanFinding in the Amazon ECR API Reference.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from bonkei.base.errors import BonkeiError
from bonkei.base.events import ServiceEvent

Status = Literal["IN_PROGRESS", "COMPLETE", "FAILED", "UNSUPPORTED_IMAGE"]
SEVERITIES = ("CRITICAL", "HIGH", "MEDIUM", "LOW", "INFORMATIONAL", "UNDEFINED")
"""The worst first."""


@dataclass(frozen=True, slots=True)
class Finding:
    """`attributes`: names and values, of the package and of the vulnerability."""

    name: str
    severity: str
    description: str = ""
    uri: str = ""
    attributes: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Scan:
    """Times are in Unix seconds, and 0 where there is none. `source_updated_at`: the age of the
    database of vulnerabilities."""

    status: Status
    description: str = ""
    began_at: float = 0.0
    completed_at: float = 0.0
    source_updated_at: float = 0.0
    findings: tuple[Finding, ...] = ()

    @property
    def counts(self) -> Mapping[str, int]:
        """Findings by severity, the worst first."""
        found = Counter(each.severity for each in self.findings)
        return {severity: found[severity] for severity in SEVERITIES if found[severity]}


class ScanError(BonkeiError):
    """An image could not be scanned; the message says why, and what to do."""


class Scanner(Protocol):
    """Scans one image at a time."""

    async def scan(self, layout: Path) -> Scan:
        """The scan of an image in an OCI image layout: COMPLETE or UNSUPPORTED_IMAGE. Raises
        ScanError where nothing can be said about the image."""
        ...


def scan_event(arn: str, digest: str, tags: tuple[str, ...], scan: Scan) -> ServiceEvent:
    """EventBridge's event of a scan that has ended. `arn`: the repository's.

    Source: "Amazon ECR events and EventBridge", Amazon ECR User Guide.
    """
    detail = {
        "scan-status": scan.status,
        "repository-name": arn.partition(":repository/")[2],
        "finding-severity-counts": dict(scan.counts),
        "image-digest": digest,
        "image-tags": list(tags),
    }
    return ServiceEvent("aws.ecr", "ECR Image Scan", (arn,), detail, scan.completed_at)
