# Copies of the database's snapshots: which vault, and who hears of a failure.

provider "aws" {
  region = "ap-northeast-1"
}

variables {
  name                = "test-development"
  account             = { id = "123456789012", region = "ap-northeast-1", partition = "aws" }
  cluster_arn         = "arn:aws:rds:ap-northeast-1:123456789012:cluster:test-development-database"
  kms_key_arn         = "arn:aws:kms:ap-northeast-1:123456789012:key/11111111-2222-3333-4444-555555555555"
  topic_arn           = "arn:aws:sns:ap-northeast-1:123456789012:test-development-alarms"
  copy                = { vault_arn = "arn:aws:backup:ap-northeast-3:123456789012:backup-vault:copies", retention_days = 35 }
  deletion_protection = true
}

run "a_copy_in_another_region" {
  command = apply

  module {
    source = "./modules/backup"
  }

  assert {
    condition     = one(one(aws_backup_plan.this.rule).copy_action).destination_vault_arn == var.copy.vault_arn && one(one(one(aws_backup_plan.this.rule).copy_action).lifecycle).delete_after == 35
    error_message = "Each snapshot is copied, and the copy kept."
  }

  assert {
    condition     = aws_backup_selection.this.resources == toset([var.cluster_arn]) && !aws_backup_vault.this.force_destroy
    error_message = "The database alone, and its vault is protected."
  }

  assert {
    condition     = alltrue([for target in aws_cloudwatch_event_target.failed : target.arn == var.topic_arn]) && jsondecode(aws_cloudwatch_event_rule.failed["Copy"].event_pattern).detail-type == ["Copy Job State Change"]
    error_message = "A failure is heard of."
  }
}

run "refuses_a_vault_beside_the_original" {
  command = plan

  module {
    source = "./modules/backup"
  }

  variables {
    copy = { vault_arn = "arn:aws:backup:ap-northeast-1:123456789012:backup-vault:copies", retention_days = 35 }
  }

  expect_failures = [var.copy]
}

run "refuses_a_vault_that_is_none" {
  command = plan

  module {
    source = "./modules/backup"
  }

  variables {
    copy = { vault_arn = "arn:aws:s3:::copies", retention_days = 35 }
  }

  expect_failures = [var.copy]
}

run "refuses_half_a_day" {
  command = plan

  module {
    source = "./modules/backup"
  }

  variables {
    copy = { vault_arn = "arn:aws:backup:ap-northeast-3:123456789012:backup-vault:copies", retention_days = 0.5 }
  }

  expect_failures = [var.copy]
}
