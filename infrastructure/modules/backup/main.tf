# A snapshot of the database each day, copied into a vault of another region or account, which this environment does
# not make and cannot empty.

module "role" {
  source = "../role"

  name                     = "${var.name}-backup"
  description              = "Lets AWS Backup make snapshots of the database, and copy them"
  service_principal        = "backup.amazonaws.com"
  source_account_id        = null
  managed_policy_arns      = { backup = "arn:${var.account.partition}:iam::aws:policy/service-role/AWSBackupServiceRolePolicyForBackup" }
  permissions_boundary_arn = var.permissions_boundary_arn
}

# Where a snapshot waits for its copy. Aurora encrypts it with the cluster's own key.
resource "aws_backup_vault" "this" {
  name          = "${var.name}-database"
  kms_key_arn   = var.kms_key_arn
  force_destroy = !var.deletion_protection
}

resource "aws_backup_plan" "this" {
  name = "${var.name}-database"

  rule {
    rule_name         = "daily"
    target_vault_name = aws_backup_vault.this.name
    schedule          = "cron(0 20 * * ? *)" # UTC: after the cluster's own backup and maintenance windows
    start_window      = 60                   # minutes
    completion_window = 480

    lifecycle {
      delete_after = 2 # days: longer than a copy takes
    }

    copy_action {
      destination_vault_arn = var.copy.vault_arn

      lifecycle {
        delete_after = var.copy.retention_days
      }
    }
  }
}

resource "aws_backup_selection" "this" {
  name         = "database"
  plan_id      = aws_backup_plan.this.id
  iam_role_arn = module.role.arn
  resources    = [var.cluster_arn]
}

# Otherwise a missing copy is noticed when it is needed.
resource "aws_cloudwatch_event_rule" "failed" {
  for_each = { Backup = ["ABORTED", "EXPIRED", "FAILED"], Copy = ["FAILED"] }

  name        = "${var.name}-${lower(each.key)}-failed"
  description = "A ${lower(each.key)} job of this account failed"

  event_pattern = jsonencode({
    source      = ["aws.backup"]
    detail-type = ["${each.key} Job State Change"]
    detail      = { state = each.value }
  })
}

resource "aws_cloudwatch_event_target" "failed" {
  for_each = aws_cloudwatch_event_rule.failed

  rule      = each.value.name
  target_id = "alarms"
  arn       = var.topic_arn
}
