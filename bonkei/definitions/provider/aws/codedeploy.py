"""AWS CodeDeploy: applications and deployment groups."""

from __future__ import annotations

from collections.abc import Mapping

from bonkei.definitions.provider.aws.shared.import_ids import parts_of
from bonkei.definitions.provider.aws.shared.naming import Mint
from bonkei.definitions.provider.aws.shared.resource import resource
from bonkei.definitions.provider.behaviour import Context, ResourceBehaviour
from bonkei.definitions.provider.values import Object, Value


def _application(mint: Mint) -> Mapping[str, Value]:
    """https://docs.aws.amazon.com/codedeploy/latest/userguide/"""
    identifier, name = mint.uuid(), mint.given("name")
    return {
        "id": f"{identifier}:{name}",
        "application_id": identifier,
        "arn": mint.arn("codedeploy", f"application:{name}"),
    }


def _group(mint: Mint) -> Mapping[str, Value]:
    path = f"deploymentgroup:{mint.given('app_name')}/{mint.given('deployment_group_name')}"
    applications = mint.context.peers("aws_codedeploy_app")
    platforms = [
        one.get("compute_platform")
        for one in applications
        if one.get("name") == mint.given("app_name")
    ]
    return {
        "id": mint.uuid(),
        "deployment_group_id": mint.uuid(),
        "arn": mint.arn("codedeploy", path),
        "compute_platform": platforms[0] if platforms else "Server",
    }


def _import_group(identifier: str, _: Context) -> Object:
    application, group = parts_of(identifier, "APPNAME:DEPLOYMENTGROUPNAME")
    return {"id": identifier, "app_name": application, "deployment_group_name": group}


RESOURCES: Mapping[str, ResourceBehaviour] = {
    "aws_codedeploy_app": resource(_application),
    "aws_codedeploy_deployment_group": resource(_group, import_=_import_group),
}
