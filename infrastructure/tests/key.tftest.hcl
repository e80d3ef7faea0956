# A key: who may use it, and for what.

provider "aws" {
  region = "ap-northeast-1"
}

variables {
  name               = "test-development-notification"
  account            = { id = "123456789012", region = "ap-northeast-1", partition = "aws" }
  description        = "Alarm messages"
  log_group_names    = ["/aws/lambda/test-development-alarm"]
  service_principals = ["sns.amazonaws.com"]
}

run "key" {
  command = apply

  module {
    source = "./modules/key"
  }

  assert {
    condition = { for statement in jsondecode(aws_kms_key.this.policy).Statement : statement.Sid => statement.Principal } == {
      AccountAdministersKey  = { AWS = "arn:aws:iam::123456789012:root" }
      CloudWatchLogsEncrypts = { Service = "logs.ap-northeast-1.amazonaws.com" }
      ServicesEncrypt        = { Service = "sns.amazonaws.com" }
    }
    error_message = "The account manages it, and the region's logs and the named services use it."
  }

  assert {
    condition     = jsondecode(aws_kms_key.this.policy).Statement[1].Condition.ArnEquals["kms:EncryptionContext:aws:logs:arn"] == "arn:aws:logs:ap-northeast-1:123456789012:log-group:/aws/lambda/test-development-alarm"
    error_message = "It encrypts the log groups that were named, and no other."
  }
}

run "refuses_an_account_that_is_none" {
  command = plan

  module {
    source = "./modules/key"
  }

  variables {
    account = { id = "production", region = "ap-northeast-1", partition = "aws" }
  }

  expect_failures = [var.account]
}
