# The function that deployments wait for: what it may see, and where its log is.

provider "aws" {
  region = "ap-northeast-1"
}

variables {
  name               = "test-development"
  account            = { id = "123456789012", region = "ap-northeast-1", partition = "aws" }
  function_directory = "../program/functions/probation"
  kms_key_arn        = "arn:aws:kms:ap-northeast-1:123456789012:key/01234567-89ab-cdef-0123-456789abcdef"
  cluster_name       = "test-development"
  cluster_arn        = "arn:aws:ecs:ap-northeast-1:123456789012:cluster/test-development"
  log_retention_days = 30
}

run "probation" {
  command = apply

  module {
    source = "./modules/probation"
  }

  assert {
    condition     = one(aws_lambda_function.this.logging_config).log_group == "/aws/lambda/test-development-probation" && aws_cloudwatch_log_group.function.kms_key_id == var.kms_key_arn
    error_message = "Its log is encrypted, and goes where its role may write."
  }

  assert {
    condition     = toset(flatten([for s in jsondecode(data.aws_iam_policy_document.function.json).Statement : s.Action])) == toset(["ecs:DescribeServices", "ecs:DescribeTasks", "ecs:ListTasks"])
    error_message = "It looks, and changes nothing."
  }

  assert {
    condition     = output.function_arn == aws_lambda_function.this.arn && output.log_group_name == aws_cloudwatch_log_group.function.name
    error_message = "Services and operators find it."
  }
}
