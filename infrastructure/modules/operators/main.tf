# The role for people. Only pipelines have strong rights. A person may start them, read logs and metrics,
# and open a shell in a task.

data "aws_iam_policy_document" "trust" {
  # The named principals; none if people come through Identity Center.
  dynamic "statement" {
    for_each = length(var.principal_arns) > 0 ? [var.principal_arns] : length(var.identity_center_permission_sets) > 0 ? [] : [["arn:${var.account.partition}:iam::${var.account.id}:root"]]

    content {
      actions = ["sts:AssumeRole"]

      principals {
        type        = "AWS"
        identifiers = statement.value
      }

      dynamic "condition" {
        for_each = var.mfa_required ? ["true"] : []

        content {
          test     = "Bool"
          variable = "aws:MultiFactorAuthPresent"
          values   = [condition.value]
        }
      }
    }
  }

  # Identity Center asks for the second factor; its sessions do not show it. A permission set's role gets a
  # new suffix each time it is created, so it cannot be named as a principal:
  # https://docs.aws.amazon.com/singlesignon/latest/userguide/referencingpermissionsets.html
  dynamic "statement" {
    for_each = length(var.identity_center_permission_sets) > 0 ? [var.identity_center_permission_sets] : []

    content {
      actions = ["sts:AssumeRole"]

      principals {
        type        = "AWS"
        identifiers = ["arn:${var.account.partition}:iam::${var.account.id}:root"]
      }

      condition {
        test     = "ArnLike"
        variable = "aws:PrincipalArn"
        values = [
          for pair in setproduct(["", "*/"], statement.value) :
          "arn:${var.account.partition}:iam::${var.account.id}:role/aws-reserved/sso.amazonaws.com/${pair[0]}AWSReservedSSO_${pair[1]}_????????????????"
        ]
      }
    }
  }
}

data "aws_iam_policy_document" "this" {
  #checkov:skip=CKV_AWS_356:actions on everything only list, or take no resource
  statement {
    sid = "RunPipelines"
    actions = [
      "codepipeline:GetPipeline",
      "codepipeline:GetPipelineExecution",
      "codepipeline:GetPipelineState",
      "codepipeline:ListActionExecutions",
      "codepipeline:ListPipelineExecutions",
      "codepipeline:RetryStageExecution",
      "codepipeline:StartPipelineExecution",
      "codepipeline:StopPipelineExecution",
    ]
    resources = concat(local.pipeline_arns, [for arn in local.pipeline_arns : "${arn}/*"])
  }

  statement {
    sid = "ReadLogs"
    actions = [
      "logs:DescribeLogStreams",
      "logs:FilterLogEvents",
      "logs:GetLogEvents",
      "logs:GetLogRecord",
      "logs:StartLiveTail",
      "logs:StartQuery",
    ]
    resources = flatten([for name in var.log_group_names : ["arn:${var.account.partition}:logs:${var.account.region}:${var.account.id}:log-group:${name}", "arn:${var.account.partition}:logs:${var.account.region}:${var.account.id}:log-group:${name}:*"]])
  }

  dynamic "statement" {
    for_each = var.program_logs[*]

    content {
      sid       = "FindProgramLogs"
      actions   = ["s3:ListBucket"]
      resources = [statement.value.bucket_arn]
    }
  }

  dynamic "statement" {
    for_each = var.program_logs[*]

    content {
      sid       = "ReadProgramLogs"
      actions   = ["s3:GetObject"]
      resources = ["${statement.value.bucket_arn}/*"]
    }
  }

  dynamic "statement" {
    for_each = var.program_logs[*]

    content {
      sid       = "DecryptProgramLogs"
      actions   = ["kms:Decrypt"]
      resources = [statement.value.kms_key_arn]

      condition {
        test     = "StringEquals"
        variable = "kms:ViaService"
        values   = ["s3.${var.account.region}.amazonaws.com"]
      }
    }
  }

  statement {
    sid = "ReadAlarmsAndDashboards"
    actions = [
      "cloudwatch:DescribeAlarmHistory",
      "cloudwatch:DescribeAlarms",
      "cloudwatch:GetDashboard",
    ]
    resources = [
      "arn:${var.account.partition}:cloudwatch:${var.account.region}:${var.account.id}:alarm:*",
      "arn:${var.account.partition}:cloudwatch::${var.account.id}:dashboard/*",
    ]
  }

  # These take no resource: they list, or use the id of one's own query.
  statement {
    sid = "ReadMetrics"
    actions = [
      "cloudwatch:GetMetricData",
      "cloudwatch:GetMetricStatistics",
      "cloudwatch:ListDashboards",
      "cloudwatch:ListMetrics",
      "codepipeline:ListPipelines",
      "logs:DescribeLogGroups",
      "logs:DescribeQueries",
      "logs:DescribeQueryDefinitions",
      "logs:GetQueryResults",
      "logs:StopQuery",
    ]
    resources = ["*"]
  }

  statement {
    sid       = "FindTasks"
    actions   = ["ecs:DescribeServices", "ecs:DescribeTasks", "ecs:ListServices", "ecs:ListTasks"]
    resources = ["*"]

    condition {
      test     = "ArnEquals"
      variable = "ecs:cluster"
      values   = [var.cluster_arn]
    }
  }

  dynamic "statement" {
    for_each = var.exec == null ? [] : [var.exec]

    content {
      sid       = "OpenShell"
      actions   = ["ecs:ExecuteCommand"]
      resources = [var.cluster_arn, "${replace(var.cluster_arn, ":cluster/", ":task/")}/*"]
    }
  }

  dynamic "statement" {
    for_each = var.exec == null ? [] : [var.exec]

    content {
      sid       = "EncryptShell"
      actions   = ["kms:GenerateDataKey"]
      resources = [statement.value.kms_key_arn]
    }
  }
}

locals {
  pipeline_arns = [for name in var.pipeline_names : "arn:${var.account.partition}:codepipeline:${var.account.region}:${var.account.id}:${name}"]
}

resource "aws_iam_role" "this" {
  name                 = "${var.name}-operator"
  description          = "For people: start pipelines, read logs and metrics, open shells in tasks"
  assume_role_policy   = data.aws_iam_policy_document.trust.json
  max_session_duration = 3600
  permissions_boundary = var.permissions_boundary_arn
}

resource "aws_iam_role_policy" "this" {
  name   = "operate"
  role   = aws_iam_role.this.id
  policy = data.aws_iam_policy_document.this.json
}

resource "aws_iam_role_policy" "further" {
  for_each = var.policies

  name   = each.key
  role   = aws_iam_role.this.id
  policy = each.value
}
