"""AWS Backup, AWS CloudTrail and AWS Budgets.

https://docs.aws.amazon.com/aws-backup/latest/devguide/creating-a-backup-plan.html
https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_CreateTrail.html
"""

from __future__ import annotations

from collections.abc import Mapping

from bonkei.provider.aws.checks import at, between, length, matches
from bonkei.provider.aws.documents import RESOURCE, policy, same_policy
from bonkei.provider.aws.formats import arn, schedule
from bonkei.provider.aws.naming import Mint, resource
from bonkei.provider.aws.s3 import bucket_name
from bonkei.provider.behaviour import ResourceBehaviour
from bonkei.provider.values import Value

_VAULT_NAME = matches(r"[a-zA-Z0-9_-]{2,50}", "2 to 50 letters, digits, - and _")


def _vault(mint: Mint) -> Mapping[str, Value]:
    name = mint.given("name")
    return {
        "id": name,
        "arn": mint.arn("backup", f"backup-vault:{name}"),
        "recovery_points": 0,
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


def _trail(mint: Mint) -> Mapping[str, Value]:
    identifier = mint.arn("cloudtrail", f"trail/{mint.given('name')}")
    topic = mint.given("sns_topic_name")
    return {
        "id": identifier,
        "arn": identifier,
        "home_region": mint.region,
        "sns_topic_arn": mint.arn("sns", str(topic)) if topic else "",
    }


def _budget(mint: Mint) -> Mapping[str, Value]:
    name = mint.name()
    account = mint.given("account_id") or mint.account
    return {
        "id": f"{account}:{name}",
        "arn": mint.arn("budgets", f"budget/{name}", region=""),
        "name": name,
        "name_prefix": mint.given("name_prefix") or "",
        "account_id": account,
    }


RESOURCES: Mapping[str, ResourceBehaviour] = {
    "aws_backup_vault": resource(
        _vault,
        at("name", _VAULT_NAME),
        at("kms_key_arn", arn("kms")),
        import_="name",
    ),
    "aws_backup_vault_policy": resource(
        _vault_setting,
        at("policy", policy(RESOURCE)),
        equivalent={"policy": same_policy},
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
        at("rule.rule_name", matches(r"[a-zA-Z0-9_.-]{1,50}", "letters, digits and _.-")),
        at("rule.schedule", schedule),
        at("rule.copy_action.destination_vault_arn", arn("backup")),
        recomputed={"version": "*"},
    ),
    "aws_backup_selection": resource(
        lambda mint: {"id": mint.uuid("selection"), "not_resources": []},
        at("name", matches(r"[a-zA-Z0-9_.-]{1,50}", "letters, digits and _.-")),
        at("iam_role_arn", arn("iam")),
    ),
    "aws_cloudtrail": resource(
        _trail,
        at("name", length(3, 128), matches(r"[a-zA-Z0-9][\w.-]+[a-zA-Z0-9]", "letters, digits")),
        at("s3_bucket_name", bucket_name),
        at("cloud_watch_logs_role_arn", arn("iam")),
        at("cloud_watch_logs_group_arn", arn("logs")),
        at("kms_key_id", arn("kms")),
        import_="arn",
    ),
    "aws_budgets_budget": resource(
        _budget,
        at("name", length(1, 100), matches(r"[^:\\]+", "a name without : and \\")),
        regional=False,
    ),
}
