"""AWS Backup: vaults, plans, selections.

https://docs.aws.amazon.com/aws-backup/latest/devguide/creating-a-backup-plan.html
"""

from __future__ import annotations

from collections.abc import Mapping

from bonkei.definitions.provider.aws.shared.checks import at, between, matches
from bonkei.definitions.provider.aws.shared.documents import RESOURCE, policy
from bonkei.definitions.provider.aws.shared.formats import arn, schedule
from bonkei.definitions.provider.aws.shared.naming import Mint
from bonkei.definitions.provider.aws.shared.resource import resource
from bonkei.definitions.provider.behaviour import ResourceBehaviour
from bonkei.definitions.provider.values import Value


def _vault(mint: Mint) -> Mapping[str, Value]:
    name = mint.given("name")
    return {
        "id": name,
        "arn": mint.arn("backup", f"backup-vault:{name}"),
        "kms_key_arn": mint.arn("kms", "alias/aws/backup"),
    }


def _vault_setting(mint: Mint) -> Mapping[str, Value]:
    name = mint.given("backup_vault_name")
    return {"id": name, "backup_vault_arn": mint.arn("backup", f"backup-vault:{name}")}


def _plan(mint: Mint) -> Mapping[str, Value]:
    identifier = mint.uuid("plan")
    return {
        "id": identifier,
        "arn": mint.arn("backup", f"backup-plan:{identifier}"),
        "version": mint.random(48, label=f"version/{mint.context.generation}"),
    }


RESOURCES: Mapping[str, ResourceBehaviour] = {
    "aws_backup_vault": resource(
        _vault,
        at("kms_key_arn", arn("kms")),
        import_="name",
    ),
    "aws_backup_vault_policy": resource(
        _vault_setting,
        policies={"policy": policy(RESOURCE)},
        import_="backup_vault_name",
    ),
    "aws_backup_vault_lock_configuration": resource(
        _vault_setting,
        at("changeable_for_days", between(3, 36500)),
        import_="backup_vault_name",
    ),
    "aws_backup_vault_notifications": resource(
        _vault_setting,
        at("sns_topic_arn", arn("sns")),
        import_="backup_vault_name",
    ),
    "aws_backup_plan": resource(
        _plan,
        at("name", matches(r"[a-zA-Z0-9_.-]{1,50}", "letters, digits and _.-, at most 50")),
        at("rule.schedule", schedule),
        at("rule.copy_action.destination_vault_arn", arn("backup")),
        arguments={
            f"rule.{block}.opt_in_to_archive_for_supported_resources": False
            for block in ("lifecycle", "copy_action.lifecycle")
        },
        recomputed={"version": "*"},
    ),
    "aws_backup_selection": resource(
        lambda mint: {"id": mint.uuid("selection"), "not_resources": []},
        at("iam_role_arn", arn("iam")),
    ),
}
