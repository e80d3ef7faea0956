# Buckets of logs: encrypted, private, and their objects expire.

provider "aws" {
  region = "ap-northeast-1"
}

variables {
  name                = "test-development"
  account             = { id = "123456789012", region = "ap-northeast-1", partition = "aws" }
  kms_key_arn         = "arn:aws:kms:ap-northeast-1:123456789012:key/11111111-2222-3333-4444-555555555555"
  deletion_protection = false
}

run "logging" {
  command = apply

  module {
    source = "./modules/logging"
  }

  assert {
    condition = [
      for statement in jsondecode(data.aws_iam_policy_document.access_logs.json).Statement : statement.Condition.ArnLike["aws:SourceArn"]
      if statement.Principal.Service == "logging.s3.amazonaws.com"
    ] == ["arn:aws:s3:::test-development-*"]
    error_message = "Every bucket of the environment may log here, and no other."
  }

  assert {
    condition     = output.router.bucket_name == output.program_log_bucket && output.router.kms_key_arn == var.kms_key_arn
    error_message = "The router fills the bucket of program logs, with its key."
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
