"""Trivy's report of an image, as ECR shows a scan. Pure.

Source: "JSON" in Trivy's reporting documentation; "Basic scanning" in the Amazon ECR User Guide:
it looks at the packages of the operating system only.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from bonkei.services.ecr.scans.values import SEVERITIES, Finding, Scan, ScanError

UNSUPPORTED = (
    "UnsupportedImageError: The operating system and/or package manager are not supported."
)
_DESCRIPTION = 4096  # characters; the whole text is at the finding's address
_MOST = 50_000
_SCORES = (("V3Vector", "CVSS3_VECTOR"), ("V3Score", "CVSS3_SCORE"),
           ("V2Vector", "CVSS2_VECTOR"), ("V2Score", "CVSS2_SCORE"))  # fmt: skip


def read_report(text: bytes) -> Scan:
    """COMPLETE only if Trivy has looked up the packages of an operating system."""
    try:
        document = json.loads(text)
        results = [one for one in document.get("Results") or () if one["Class"] == "os-pkgs"]
        found = [
            _finding(each) for result in results for each in result.get("Vulnerabilities") or ()
        ]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise ScanError(f"Trivy's report cannot be read: {error!r}") from None
    if not results:
        return Scan("UNSUPPORTED_IMAGE", UNSUPPORTED)
    if len(found) > _MOST:
        raise ScanError(f"the image has more than {_MOST:,} findings")
    found.sort(key=lambda each: (SEVERITIES.index(each.severity), each.name, each.attributes))
    return Scan("COMPLETE", "The scan was completed successfully.", findings=tuple(found))


def _finding(found: Mapping[str, Any]) -> Finding:
    severity = str(found.get("Severity", ""))
    attributes = [
        ("package_name", str(found["PkgName"])),
        ("package_version", str(found["InstalledVersion"])),
        *_scores(found),
    ]
    text = str(found.get("Description") or found.get("Title") or "")
    return Finding(
        str(found["VulnerabilityID"]),
        severity if severity in SEVERITIES else "UNDEFINED",
        text[:_DESCRIPTION],
        str(found.get("PrimaryURL") or next(iter(found.get("References") or ()), "")),
        tuple(attributes),
    )


def _scores(found: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The scores of the National Vulnerability Database, or else the first ones."""
    scores: Mapping[str, Mapping[str, Any]] = found.get("CVSS") or {}
    best = scores.get("nvd") or next(iter(scores.values()), {})
    for name, shown in _SCORES:
        if name in best:
            yield shown, str(best[name])
