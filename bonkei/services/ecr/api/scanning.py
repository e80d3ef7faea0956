"""The operations about scans.

DescribeImages says nothing about them: "the new version of Amazon ECR Basic Scanning doesn't use
the imageScanFindingsSummary and imageScanStatus attributes" (Amazon ECR User Guide, Image
scanning), and the older version no longer exists.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bonkei.base.aws_service import AwsCall, AwsServiceError
from bonkei.blueprint.ecr import Repository
from bonkei.services.ecr.api.lookup import Lookup, names, page
from bonkei.services.ecr.errors import RegistryError
from bonkei.services.ecr.registry import Registry
from bonkei.services.ecr.scans.scans import Scans
from bonkei.services.ecr.scans.values import Finding, Scan


class Scanning:
    """The operations on the registry and its scans."""

    def __init__(self, registry: Registry, scans: Scans) -> None:
        self._registry = registry
        self._lookup = Lookup(registry)
        self._scans = scans

    async def start_image_scan(self, call: AwsCall) -> Mapping[str, Any]:
        repository, contents = self._lookup.of(call), self._lookup.contents(call)
        image = self._lookup.image(call, contents, call.parameters["imageId"])
        try:
            scan = self._scans.start(repository.name, image)
        except RegistryError as error:
            raise AwsServiceError(error.code, error.message) from None
        return _head(call, repository, image.digest, scan)

    async def describe_image_scan_findings(self, call: AwsCall) -> Mapping[str, Any]:
        repository, contents = self._lookup.of(call), self._lookup.contents(call)
        wanted = call.parameters["imageId"]
        image = self._lookup.image(call, contents, wanted)
        scan = self._scans.find(repository.name, image.digest)
        if scan is None:
            raise AwsServiceError(
                "ScanNotFoundException",
                f"Image scan does not exist for the image with '{{imageDigest:'{image.digest}', "
                f"imageTag:'{wanted.get('imageTag', 'null')}'}}' in the repository with name "
                f"'{repository.name}' in the registry with id '{call.caller.account}'",
            )
        answer = _head(call, repository, image.digest, scan)
        if scan.status != "COMPLETE":
            return answer
        shown = page(call, "findings", [_described(each) for each in scan.findings])
        found = {
            "findings": shown["findings"],
            "findingSeverityCounts": dict(scan.counts),
            "imageScanCompletedAt": scan.completed_at,
            "vulnerabilitySourceUpdatedAt": scan.source_updated_at or None,
        }
        return {**answer, "imageScanFindings": found, "nextToken": shown["nextToken"]}

    async def batch_get_repository_scanning_configuration(self, call: AwsCall) -> Mapping[str, Any]:
        declared = {each.name: each for each in self._registry.repositories}
        wanted = call.parameters["repositoryNames"]
        return {
            "scanningConfigurations": [
                {
                    "repositoryArn": declared[name].arn,
                    "repositoryName": name,
                    "scanOnPush": declared[name].scan_on_push,
                    "scanFrequency": "SCAN_ON_PUSH" if declared[name].scan_on_push else "MANUAL",
                    "appliedScanFilters": [
                        {"filter": each, "filterType": "WILDCARD"}
                        for each in declared[name].scan_filters
                    ],
                }
                for name in wanted
                if name in declared
            ],
            "failures": [
                {
                    "repositoryName": name,
                    "failureCode": "REPOSITORY_NOT_FOUND",
                    "failureReason": f"The repository with name '{name}' does not exist",
                }
                for name in wanted
                if name not in declared
            ],
        }

    async def get_registry_scanning_configuration(self, call: AwsCall) -> Mapping[str, Any]:
        """The rules of the definitions, as they are applied."""
        filters = {f for each in self._registry.repositories for f in each.scan_filters}
        shown = [{"filter": each, "filterType": "WILDCARD"} for each in sorted(filters)]
        rule = {"scanFrequency": "SCAN_ON_PUSH", "repositoryFilters": shown}
        return {
            "registryId": call.caller.account,
            "scanningConfiguration": {"scanType": "BASIC", "rules": [rule] if shown else []},
        }


def _head(call: AwsCall, repository: Repository, digest: str, scan: Scan) -> dict[str, Any]:
    return {
        **names(repository),
        "imageId": {**call.parameters["imageId"], "imageDigest": digest},
        "imageScanStatus": {"status": scan.status, "description": scan.description or None},
    }


def _described(finding: Finding) -> dict[str, Any]:
    return {
        "name": finding.name,
        "description": finding.description or None,
        "uri": finding.uri or None,
        "severity": finding.severity,
        "attributes": [{"key": name, "value": value} for name, value in finding.attributes],
    }
