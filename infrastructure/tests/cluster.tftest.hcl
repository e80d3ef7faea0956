# The cluster: shells in tasks are encrypted and logged.

provider "aws" {
  region = "ap-northeast-1"
}

variables {
  name        = "test-development"
  account     = { id = "123456789012", region = "ap-northeast-1", partition = "aws" }
  kms_key_arn = "arn:aws:kms:ap-northeast-1:123456789012:key/11111111-2222-3333-4444-555555555555"
}

run "cluster" {
  command = apply

  module {
    source = "./modules/cluster"
  }

  assert {
    condition     = one(one(aws_ecs_cluster.this.configuration).execute_command_configuration).logging == "OVERRIDE" && one(one(aws_ecs_cluster.this.configuration).execute_command_configuration).kms_key_id == var.kms_key_arn
    error_message = "A shell is encrypted with the cluster's key and logged."
  }

  assert {
    condition     = aws_cloudwatch_log_group.exec.retention_in_days == 365
    error_message = "What was typed is kept for a year."
  }
}

run "refuses_unknown_insights" {
  command = plan

  module {
    source = "./modules/cluster"
  }

  variables {
    container_insights = "full"
  }

  expect_failures = [var.container_insights]
}
