# Roles: the execution role starts the task, the task role is what the program itself may do

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["ecs-tasks.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [data.aws_caller_identity.current.account_id]
    }
  }
}

data "aws_iam_policy_document" "execution" {
  # The one ECR action that has no resource to name.
  statement {
    sid       = "SignInToRegistry"
    actions   = ["ecr:GetAuthorizationToken"]
    resources = ["*"]
  }

  statement {
    sid       = "PullImages"
    actions   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    resources = [var.program.repository.arn, var.log_router.repository_arn]
  }

  statement {
    sid       = "WriteRouterLog"
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["${aws_cloudwatch_log_group.this.arn}:*"]
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
        values   = ["secretsmanager.${local.region}.amazonaws.com"]
      }
    }
  }
}

resource "aws_iam_role" "execution" {
  name                 = "${local.name}-execution"
  description          = "Starts tasks of ${local.name}: image, secrets, log"
  assume_role_policy   = data.aws_iam_policy_document.trust.json
  permissions_boundary = var.permissions_boundary_arn
}

resource "aws_iam_role_policy" "execution" {
  name   = "start-task"
  role   = aws_iam_role.execution.id
  policy = data.aws_iam_policy_document.execution.json
}

# The programs call no AWS API: what is allowed here is for the log router, and for shells.
resource "aws_iam_role" "task" {
  name                 = "${local.name}-task"
  description          = "What the program of ${local.name} may do"
  assume_role_policy   = data.aws_iam_policy_document.trust.json
  permissions_boundary = var.permissions_boundary_arn
}

data "aws_iam_policy_document" "route_logs" {
  statement {
    sid       = "ErrorsToLogGroup"
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["${aws_cloudwatch_log_group.this.arn}:*"]
  }

  statement {
    sid     = "OthersToBucket"
    actions = ["s3:PutObject"]
    resources = [
      "${var.log_router.bucket_arn}/access/${var.program.name}/*",
      "${var.log_router.bucket_arn}/application/${var.program.name}/*",
    ]
  }

  statement {
    sid       = "EncryptObjects"
    actions   = ["kms:GenerateDataKey"]
    resources = [var.log_router.kms_key_arn]

    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = ["s3.${local.region}.amazonaws.com"]
    }
  }
}

resource "aws_iam_role_policy" "route_logs" {
  name   = "route-logs"
  role   = aws_iam_role.task.id
  policy = data.aws_iam_policy_document.route_logs.json
}

data "aws_iam_policy_document" "exec" {
  count = var.exec == null ? 0 : 1

  # A channel has no ARN of its own to name.
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

resource "aws_iam_role_policy" "exec" {
  count = var.exec == null ? 0 : 1

  name   = "open-shell"
  role   = aws_iam_role.task.id
  policy = data.aws_iam_policy_document.exec[0].json
}
