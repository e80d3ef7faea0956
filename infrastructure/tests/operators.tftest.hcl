# The operators' role: what people may do, and what they may not.

provider "aws" {
  region = "ap-northeast-1"
}

variables {
  name            = "test-development"
  account         = { id = "123456789012", region = "ap-northeast-1", partition = "aws" }
  pipeline_names  = ["test-development-pipeline-program"]
  log_group_names = ["/ecs/test-development/backend"]
  cluster_arn     = "arn:aws:ecs:ap-northeast-1:123456789012:cluster/test-development"
}

run "operators" {
  command = apply

  module {
    source = "./modules/operators"
  }

  assert {
    condition     = jsondecode(aws_iam_role.this.assume_role_policy).Statement[0].Condition.Bool["aws:MultiFactorAuthPresent"] == "true"
    error_message = "No one assumes the role without a second factor."
  }

  assert {
    condition = toset([
      for action in flatten([for statement in jsondecode(aws_iam_role_policy.this.policy).Statement : statement.Action]) : action if !can(regex(":(Describe|Filter|Get|List)", action))
      ]) == toset([
      "codepipeline:RetryStageExecution",
      "codepipeline:StartPipelineExecution",
      "codepipeline:StopPipelineExecution",
      "logs:StartLiveTail",
      "logs:StartQuery",
      "logs:StopQuery",
    ])
    error_message = "Besides reading, people run pipelines, and nothing else: this one has nothing to approve."
  }
}

run "with_shells" {
  command = apply

  module {
    source = "./modules/operators"
  }

  variables {
    mfa_required = false
    exec         = { kms_key_arn = "arn:aws:kms:ap-northeast-1:123456789012:key/11111111-2222-3333-4444-555555555555" }
  }

  assert {
    condition     = contains(flatten([for statement in jsondecode(aws_iam_role_policy.this.policy).Statement : statement.Action]), "ecs:ExecuteCommand")
    error_message = "With exec, people may open shells."
  }

  assert {
    condition     = try(jsondecode(aws_iam_role.this.assume_role_policy).Statement[0].Condition, null) == null
    error_message = "The second factor may be asked for elsewhere."
  }
}

run "people_of_identity_center" {
  command = apply

  module {
    source = "./modules/operators"
  }

  variables {
    principal_arns                  = ["arn:aws:iam::123456789012:user/jane"]
    identity_center_permission_sets = ["Operators"]
  }

  assert {
    condition     = jsondecode(aws_iam_role.this.assume_role_policy).Statement[0].Condition.Bool["aws:MultiFactorAuthPresent"] == "true"
    error_message = "AWS still has to see the second factor of everybody else."
  }

  assert {
    condition     = jsondecode(aws_iam_role.this.assume_role_policy).Statement[1].Condition.ArnLike["aws:PrincipalArn"][1] == "arn:aws:iam::123456789012:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Operators_????????????????" || jsondecode(aws_iam_role.this.assume_role_policy).Statement[1].Condition.ArnLike["aws:PrincipalArn"][0] == "arn:aws:iam::123456789012:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Operators_????????????????"
    error_message = "The permission set is known by its name, whatever its role ends with."
  }
}

# Each refusal costs a plan, so values that do not depend on each other share one.
run "refuses_wrong_values" {
  command = plan

  module {
    source = "./modules/operators"
  }

  variables {
    account                         = { id = "production", region = "ap-northeast-1", partition = "aws" }
    identity_center_permission_sets = ["*"]       # a pattern
    principal_arns                  = ["someone"] # not a principal
  }

  expect_failures = [var.account, var.identity_center_permission_sets, var.principal_arns]
}
