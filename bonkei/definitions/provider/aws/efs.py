"""Amazon EFS: file systems that tasks mount.

https://docs.aws.amazon.com/efs/latest/ug/API_Reference.html
"""

from __future__ import annotations

from collections.abc import Mapping

from bonkei.definitions.provider.aws.shared.checks import at, length, one_of
from bonkei.definitions.provider.aws.shared.documents import RESOURCE, policy
from bonkei.definitions.provider.aws.shared.formats import address, arn
from bonkei.definitions.provider.aws.shared.naming import Mint
from bonkei.definitions.provider.aws.shared.own import own
from bonkei.definitions.provider.aws.shared.resource import resource
from bonkei.definitions.provider.behaviour import DataSource, ResourceBehaviour
from bonkei.definitions.provider.values import Value


def _arn(mint: Mint, kind: str, identifier: str) -> str:
    return mint.arn("elasticfilesystem", f"{kind}/{identifier}")


def _file_system(mint: Mint) -> Mapping[str, Value]:
    identifier = mint.id("fs")
    return {
        "id": identifier,
        "arn": _arn(mint, "file-system", identifier),
        "creation_token": f"terraform-{mint.serial()}",
        "dns_name": f"{identifier}.efs.{mint.region}.{mint.suffix}",
        "owner_id": mint.account,
        "performance_mode": "generalPurpose",
        "name": "",
    }


def _access_point(mint: Mint) -> Mapping[str, Value]:
    identifier = mint.id("fsap")
    return {
        "id": identifier,
        "arn": _arn(mint, "access-point", identifier),
        "file_system_arn": _arn(mint, "file-system", str(mint.given("file_system_id"))),
        "owner_id": mint.account,
    }


def _mount_target(mint: Mint) -> Mapping[str, Value]:
    file_system = str(mint.given("file_system_id"))
    return {
        "id": mint.id("fsmt"),
        "file_system_arn": _arn(mint, "file-system", file_system),
        "dns_name": f"{file_system}.efs.{mint.region}.{mint.suffix}",
        "network_interface_id": mint.id("eni"),
        "owner_id": mint.account,
    }


RESOURCES: Mapping[str, ResourceBehaviour] = {
    "aws_efs_file_system": resource(
        _file_system,
        at("creation_token", length(1, 64)),
        at("kms_key_id", arn("kms")),
    ),
    "aws_efs_access_point": resource(_access_point),
    "aws_efs_mount_target": resource(
        _mount_target,
        at("ip_address", address(4)),
    ),
    "aws_efs_file_system_policy": resource(
        lambda mint: {"id": mint.given("file_system_id")},
        policies={"policy": policy(RESOURCE, 20480)},
        import_="file_system_id",
    ),
    "aws_efs_backup_policy": resource(
        lambda mint: {"id": mint.given("file_system_id")},
        at("backup_policy.status", one_of("ENABLED", "DISABLED")),
        import_="file_system_id",
    ),
}


DATA_SOURCES: Mapping[str, DataSource] = {
    "aws_efs_access_point": own("aws_efs_access_point", access_point_id="id"),
}
