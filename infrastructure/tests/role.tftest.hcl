# A role: who may assume it, and its rights.

provider "aws" {
  region = "ap-northeast-1"
}

variables {
  name                     = "test-development-flow-log"
  description              = "Lets the VPC write its flow log"
  service_principal        = "vpc-flow-logs.amazonaws.com"
  source_account_id        = "123456789012"
  policies                 = { look = "{\"Version\": \"2012-10-17\", \"Statement\": [{\"Effect\": \"Allow\", \"Action\": \"logs:DescribeLogGroups\", \"Resource\": \"*\"}]}" }
  managed_policy_arns      = { reading = "arn:aws:iam::aws:policy/ReadOnlyAccess" }
  log_group_arns           = ["arn:aws:logs:ap-northeast-1:123456789012:log-group:/vpc/test-development/flow"]
  permissions_boundary_arn = "arn:aws:iam::123456789012:policy/boundary"
}

run "role" {
  command = apply

  module {
    source = "./modules/role"
  }

  assert {
    condition = [for statement in jsondecode(aws_iam_role.this.assume_role_policy).Statement : [statement.Principal.Service, statement.Condition.StringEquals["aws:SourceAccount"]]] == [
      ["vpc-flow-logs.amazonaws.com", "123456789012"]
    ]
    error_message = "One service takes it, for this account alone."
  }

  assert {
    condition     = toset([for policy in aws_iam_role_policy.this : policy.name]) == toset(["look", "write-log"]) && jsondecode(output.policies["write-log"]).Statement[0].Resource == "arn:aws:logs:ap-northeast-1:123456789012:log-group:/vpc/test-development/flow:*"
    error_message = "It may do what was given, and write to its log group alone."
  }

  assert {
    condition     = aws_iam_role_policy_attachment.this["reading"].policy_arn == "arn:aws:iam::aws:policy/ReadOnlyAccess" && aws_iam_role.this.permissions_boundary == "arn:aws:iam::123456789012:policy/boundary"
    error_message = "It has the managed policy, within the boundary."
  }
}

run "of_a_service_that_names_no_account" {
  command = apply

  module {
    source = "./modules/role"
  }

  state_key = "lambda"

  variables {
    name                     = "test-development-alarm"
    service_principal        = "lambda.amazonaws.com"
    source_account_id        = null
    policies                 = {}
    managed_policy_arns      = {}
    log_group_arns           = []
    permissions_boundary_arn = null
  }

  assert {
    condition     = try(jsondecode(aws_iam_role.this.assume_role_policy).Statement[0].Condition, null) == null
    error_message = "A condition on what the service does not say would keep it out."
  }

  assert {
    condition     = length(aws_iam_role_policy.this) == 0
    error_message = "What is not granted, it may not do."
  }
}

run "refuses_an_account_that_is_none" {
  command = plan

  module {
    source = "./modules/role"
  }

  variables {
    source_account_id = "production"
  }

  expect_failures = [var.source_account_id]
}
