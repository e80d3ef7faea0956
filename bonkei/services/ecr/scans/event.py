"""EventBridge's event of a scan that has ended. Pure.

Source: "Amazon ECR events and EventBridge", Amazon ECR User Guide.
"""

from __future__ import annotations

from bonkei.base.events import ServiceEvent
from bonkei.services.ecr.scans.values import Scan


def scan_event(arn: str, digest: str, tags: tuple[str, ...], scan: Scan) -> ServiceEvent:
    """`arn`: the repository's."""
    detail = {
        "scan-status": scan.status,
        "repository-name": arn.partition(":repository/")[2],
        "finding-severity-counts": dict(scan.counts),
        "image-digest": digest,
        "image-tags": list(tags),
    }
    return ServiceEvent("aws.ecr", "ECR Image Scan", (arn,), detail, scan.completed_at)
