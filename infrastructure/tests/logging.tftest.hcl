# Where logs are kept: encrypted, out of sight, and not for ever.

provider "aws" {
  region = "ap-northeast-1"
}

variables {
  name                = "test-development"
  deletion_protection = false
}

run "logging" {
  command = apply

  module {
    source = "./modules/logging"
  }

  assert {
    condition     = alltrue([for block in aws_s3_bucket_public_access_block.this : block.block_public_acls && block.block_public_policy && block.ignore_public_acls && block.restrict_public_buckets])
    error_message = "No bucket may become public."
  }

  assert {
    condition = alltrue([
      for policy in aws_s3_bucket_policy.this : length([for statement in jsondecode(policy.policy).Statement : statement if statement.Effect == "Deny" && try(statement.Condition.Bool["aws:SecureTransport"], "") == "false"]) == 1
    ])
    error_message = "Buckets refuse what does not come by TLS."
  }

  assert {
    condition     = alltrue([for lifecycle in aws_s3_bucket_lifecycle_configuration.this : one(one(lifecycle.rule).expiration).days == 365])
    error_message = "Logs are kept for as long as was said."
  }

  assert {
    condition     = one(one(aws_s3_bucket_server_side_encryption_configuration.programs.rule).apply_server_side_encryption_by_default).kms_master_key_id == module.key.arn
    error_message = "Program logs are encrypted with a key of their own."
  }
}

run "refuses_no_retention" {
  command = plan

  module {
    source = "./modules/logging"
  }

  variables {
    bucket_retention_days = 0
  }

  expect_failures = [var.bucket_retention_days]
}
