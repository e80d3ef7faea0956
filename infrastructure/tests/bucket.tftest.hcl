# A bucket: encrypted, private, and its objects expire.

provider "aws" {
  region = "ap-northeast-1"
}

variables {
  name              = "test-development-program-logs-123456789012"
  kms_key_arn       = "arn:aws:kms:ap-northeast-1:123456789012:key/11111111-2222-3333-4444-555555555555"
  access_log_bucket = "test-development-access-logs-123456789012"
  retention_days    = 365
  force_destroy     = false
}

run "bucket" {
  command = apply

  module {
    source = "./modules/bucket"
  }

  assert {
    condition     = aws_s3_bucket_public_access_block.this.block_public_acls && aws_s3_bucket_public_access_block.this.block_public_policy && aws_s3_bucket_public_access_block.this.ignore_public_acls && aws_s3_bucket_public_access_block.this.restrict_public_buckets
    error_message = "No bucket may become public."
  }

  assert {
    condition = [
      for statement in jsondecode(aws_s3_bucket_policy.this.policy).Statement : statement.Effect if try(statement.Condition.Bool["aws:SecureTransport"], "") == "false"
    ] == ["Deny"]
    error_message = "It refuses what does not come by TLS."
  }

  assert {
    condition     = one(one(aws_s3_bucket_lifecycle_configuration.this.rule).expiration).days == 365 && one(one(aws_s3_bucket_lifecycle_configuration.this.rule).transition).days == 30
    error_message = "Objects become cheaper and end, as was said."
  }

  assert {
    condition     = one(one(aws_s3_bucket_server_side_encryption_configuration.this.rule).apply_server_side_encryption_by_default).kms_master_key_id == var.kms_key_arn
    error_message = "Objects are encrypted with the key that was given."
  }

  assert {
    condition     = aws_s3_bucket_logging.this[0].target_bucket == "test-development-access-logs-123456789012"
    error_message = "Who read an object is written down."
  }
}

run "of_access_logs" {
  command = apply

  module {
    source = "./modules/bucket"
  }

  state_key = "access-logs"

  variables {
    name              = "test-development-access-logs-123456789012"
    sse_algorithm     = "AES256"
    kms_key_arn       = null
    access_log_bucket = null
    retention_days    = 30

    policy_documents = [
      "{\"Version\": \"2012-10-17\", \"Statement\": [{\"Sid\": \"S3Writes\", \"Effect\": \"Allow\", \"Action\": \"s3:PutObject\", \"Resource\": \"arn:aws:s3:::test-development-access-logs-123456789012/s3/*\", \"Principal\": {\"Service\": \"logging.s3.amazonaws.com\"}}]}",
    ]
  }

  assert {
    condition     = length(aws_s3_bucket_logging.this) == 0 && length(one(aws_s3_bucket_lifecycle_configuration.this.rule).transition) == 0
    error_message = "It does not log itself, and what ends soon stays where it is."
  }

  assert {
    condition     = toset([for statement in jsondecode(aws_s3_bucket_policy.this.policy).Statement : statement.Sid]) == toset(["S3Writes", "TlsOnly"])
    error_message = "What was given is added to the policy."
  }
}

run "of_terraform_state" {
  command = apply

  module {
    source = "./modules/bucket"
  }

  state_key = "state"

  variables {
    name                      = "test-development-tf-backend-123456789012"
    retention_days            = null
    noncurrent_retention_days = 365
    noncurrent_versions       = 50
  }

  assert {
    condition     = length(one(aws_s3_bucket_lifecycle_configuration.this.rule).expiration) == 0 && length(one(aws_s3_bucket_lifecycle_configuration.this.rule).transition) == 0
    error_message = "What has no age stays, where it is."
  }

  assert {
    condition     = one(one(aws_s3_bucket_lifecycle_configuration.this.rule).noncurrent_version_expiration).noncurrent_days == 365 && one(one(aws_s3_bucket_lifecycle_configuration.this.rule).noncurrent_version_expiration).newer_noncurrent_versions == 50
    error_message = "Earlier versions are kept for as long as was said."
  }
}

# Each refusal costs a plan, so values that do not depend on each other share one.
run "refuses_wrong_values" {
  command = plan

  module {
    source = "./modules/bucket"
  }

  variables {
    name           = "Test"         # capitals
    sse_algorithm  = "aws:kms:dsse" # unknown
    retention_days = 0              # none
  }

  expect_failures = [var.name, var.sse_algorithm, var.retention_days]
}

run "refuses_a_key_that_is_not_used" {
  command = plan

  module {
    source = "./modules/bucket"
  }

  variables {
    sse_algorithm = "AES256"
  }

  expect_failures = [var.kms_key_arn]
}
