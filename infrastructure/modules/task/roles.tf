# Roles: the execution role starts the task, the task role holds the program's own rights

data "aws_iam_policy_document" "execution" {
  # The only ECR action that takes no resource.
  statement {
    sid       = "SignInToRegistry"
    actions   = ["ecr:GetAuthorizationToken"]
    resources = ["*"]
  }

  statement {
    sid       = "PullImages"
    actions   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    resources = [var.repository_arn, var.log_router.repository_arn]
  }

  dynamic "statement" {
    for_each = length(local.secrets) > 0 ? [1] : []

    content {
      sid       = "ReadSecrets"
      actions   = ["secretsmanager:GetSecretValue"]
      resources = distinct([for secret in local.secrets : secret.secret_arn])
    }
  }

  dynamic "statement" {
    for_each = length(local.secrets) > 0 ? [1] : []

    content {
      sid       = "DecryptSecrets"
      actions   = ["kms:Decrypt"]
      resources = distinct([for secret in local.secrets : secret.kms_key_arn])

      condition {
        test     = "StringEquals"
        variable = "kms:ViaService"
        values   = ["secretsmanager.${var.account.region}.amazonaws.com"]
      }
    }
  }
}

module "execution_role" {
  source = "../role"

  name                     = "${local.name}-execution"
  description              = "Starts tasks of ${local.name}: image, secrets, log"
  service_principal        = "ecs-tasks.amazonaws.com"
  source_account_id        = var.account.id
  policies                 = { start-task = data.aws_iam_policy_document.execution.json }
  log_group_arns           = [aws_cloudwatch_log_group.this.arn]
  permissions_boundary_arn = var.permissions_boundary_arn
}

# The programs call no AWS API: what is allowed here is for the log router, and for shells. A token for
# the database is made without a call.
module "task_role" {
  source = "../role"

  name                     = "${local.name}-task"
  description              = "What the program of ${local.name} may do"
  service_principal        = "ecs-tasks.amazonaws.com"
  source_account_id        = var.account.id
  log_group_arns           = [aws_cloudwatch_log_group.this.arn]
  permissions_boundary_arn = var.permissions_boundary_arn

  policies = merge(
    var.policies,
    { route-logs = data.aws_iam_policy_document.route_logs.json },
    { for document in data.aws_iam_policy_document.exec : "open-shell" => document.json },
  )
}

data "aws_iam_policy_document" "route_logs" {
  statement {
    sid     = "OthersToBucket"
    actions = ["s3:PutObject"]
    resources = [
      "${var.log_router.bucket_arn}/access/${var.program_name}/*",
      "${var.log_router.bucket_arn}/application/${var.program_name}/*",
    ]
  }

  statement {
    sid       = "EncryptObjects"
    actions   = ["kms:GenerateDataKey"]
    resources = [var.log_router.kms_key_arn]

    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = ["s3.${var.account.region}.amazonaws.com"]
    }
  }
}

data "aws_iam_policy_document" "exec" {
  count = var.exec == null ? 0 : 1

  # A channel has no ARN.
  statement {
    sid = "OpenChannel"
    actions = [
      "ssmmessages:CreateControlChannel",
      "ssmmessages:CreateDataChannel",
      "ssmmessages:OpenControlChannel",
      "ssmmessages:OpenDataChannel",
    ]
    resources = ["*"]
  }

  statement {
    sid       = "DecryptChannel"
    actions   = ["kms:Decrypt"]
    resources = [var.exec.kms_key_arn]
  }

  statement {
    sid       = "LogShell"
    actions   = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
    resources = ["${var.exec.log_group_arn}:*"]
  }

  statement {
    sid       = "FindLogGroup"
    actions   = ["logs:DescribeLogGroups"]
    resources = ["*"]
  }
}
